//! What is to be warmed, in which order, and how much of it at once.

use super::checkpoint::Checkpoint;
use super::report::Progress;
use crate::error::Error;
use std::fmt::{self, Display};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How many items are warmed at once, unless told.
const AT_ONCE: usize = 8;

/// How long an item may take, unless told.
const ITEM_DEADLINE: Duration = Duration::from_secs(30);

pub(super) type Doing<T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send>>;

type Observer = Box<dyn Fn(&Progress<'_>) + Send + Sync>;

/// Steps, and how they are taken.
#[must_use = "a plan does nothing until `Cache::warm` is given it"]
pub struct Plan {
    pub(super) steps: Vec<Prepared>,
    pub(super) at_once: usize,
    pub(super) item_deadline: Duration,
    pub(super) from: Checkpoint,
    pub(super) observer: Option<Observer>,
}

impl Default for Plan {
    fn default() -> Self {
        Self::new()
    }
}

impl Plan {
    /// Without steps, 8 items at once, each within 30 s, from the start.
    pub fn new() -> Self {
        let (steps, from) = (Vec::new(), Checkpoint::default());
        Self { steps, at_once: AT_ONCE, item_deadline: ITEM_DEADLINE, from, observer: None }
    }

    /// With one more step. Steps are taken in the order of their adding, but those that come after others later.
    pub fn step<I: Clone + Send + Sync + 'static>(mut self, step: Step<I>) -> Self {
        self.steps.push(step.prepared());
        self
    }

    /// How many items are warmed at once: what the source bears besides its readers. 0 counts as 1.
    pub fn at_once(self, items: usize) -> Self {
        Self { at_once: items.max(1), ..self }
    }

    /// How long an item may take to be warmed, and how long to be compared with its source; by default 30 s. One that takes
    /// longer is dropped, and has failed.
    pub fn item_deadline(self, deadline: Duration) -> Self {
        Self { item_deadline: deadline, ..self }
    }

    /// Goes on where another run was, which may have been in another process. It takes steps that list their items in the
    /// same order.
    pub fn resume(self, from: Checkpoint) -> Self {
        Self { from, ..self }
    }

    /// Tells of every item that is done, in their order, in the task that warms; it should be quick.
    pub fn observer(self, observer: impl Fn(&Progress<'_>) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    pub(super) fn restarted(self) -> Self {
        Self { from: Checkpoint::default(), ..self }
    }

    /// Whether it can be followed.
    pub(super) fn check(&self) -> Result<(), Error> {
        for (at, step) in self.steps.iter().enumerate() {
            if step.name.is_empty() || step.name.contains(|c: char| c == ':' || c.is_whitespace()) {
                return Err(step.wrong("a step's name is a word without `:`"));
            }
            if self.steps[..at].iter().any(|other| other.name == step.name) {
                return Err(step.wrong("two steps have this name"));
            }
            if let Some(unknown) = step.after.iter().find(|name| !self.has(name)) {
                return Err(step.wrong(&format!("it comes after `{unknown}`, and no step has that name")));
            }
        }
        match self.order() {
            (_, rest) if rest.is_empty() => Ok(()),
            (_, rest) => {
                let circle: Vec<_> = rest.iter().map(|step| step.name.as_str()).collect();
                Err(rest[0].wrong(&format!("each of these comes after another of them: {}", circle.join(", "))))
            }
        }
    }

    /// The steps in the order in which they are taken, and those that wait for each other.
    pub(super) fn order(&self) -> (Vec<&Prepared>, Vec<&Prepared>) {
        let (mut taken, mut rest): (Vec<&Prepared>, Vec<&Prepared>) = (Vec::new(), self.steps.iter().collect());
        let is_taken = |taken: &[&Prepared], name: &String| taken.iter().any(|step| step.name == *name);
        while let Some(at) = rest.iter().position(|step| step.after.iter().all(|name| is_taken(&taken, name))) {
            taken.push(rest.remove(at));
        }
        (taken, rest)
    }

    fn has(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.name == name)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.steps.iter().map(|step| &step.name).collect();
        f.debug_struct("Plan").field("steps", &names).field("at_once", &self.at_once).finish_non_exhaustive()
    }
}

/// A list of items, how one of them is warmed, and how it is verified.
#[must_use = "a step does nothing until it is part of a plan"]
pub struct Step<I> {
    name: String,
    after: Vec<String>,
    list: Box<dyn Fn() -> Doing<Vec<I>> + Send + Sync>,
    warm: Each<I, ()>,
    verify: Option<(f64, Each<I, bool>)>,
}

type Each<I, T> = Arc<dyn Fn(I) -> Doing<T> + Send + Sync>;

impl<I: Clone + Send + Sync + 'static> Step<I> {
    /// A step of this name. `list` gives its items when their turn comes, and `warm` is called with each: mostly a cached
    /// function, whose value is not looked at.
    ///
    /// What `warm` found in a tier counts as there, whatever else as loaded. If `list` fails the step is over, and those
    /// that come after it are not taken; if 32 calls of `warm` in a row fail, the rest of its items is given up.
    pub fn new<T, E, F, L, W>(
        name: impl Into<String>,
        list: impl Fn() -> L + Send + Sync + 'static,
        warm: impl Fn(I) -> W + Send + Sync + 'static,
    ) -> Self
    where
        E: Display,
        F: Display,
        L: Future<Output = Result<Vec<I>, E>> + Send + 'static,
        W: Future<Output = Result<T, F>> + Send + 'static,
    {
        Self {
            name: name.into(),
            after: Vec::new(),
            list: Box::new(move || told(list())),
            warm: Arc::new(move |item| {
                let warmed = warm(item);
                told(async { warmed.await.map(drop) })
            }),
            verify: None,
        }
    }

    /// Comes after another step, whatever became of its single items.
    pub fn after(mut self, name: impl Into<String>) -> Self {
        self.after.push(name.into());
        self
    }

    /// Verifies a share of the items, from 0.0 to 1.0 and at least one, when all are warmed: `is_right` compares what the
    /// cache has with the source, say `members(id).await? == members_uncached(id).await?`.
    ///
    /// An item that differs is compared once more, since a write may have come in between, before it is counted.
    pub fn verify<E, V>(self, share: f64, is_right: impl Fn(I) -> V + Send + Sync + 'static) -> Self
    where
        E: Display,
        V: Future<Output = Result<bool, E>> + Send + 'static,
    {
        Self { verify: Some((share.clamp(0.0, 1.0), Arc::new(move |item| told(is_right(item))))), ..self }
    }

    fn prepared(self) -> Prepared {
        let Self { name, after, list, warm, verify } = self;
        let stocked = move || {
            let (listed, warm, verify) = (list(), warm.clone(), verify.clone());
            let stocked: Doing<Stock> = Box::pin(async move { listed.await.map(|items| stock(items, warm, verify)) });
            stocked
        };
        Prepared { name, after, list: Box::new(stocked) }
    }
}

impl<I> fmt::Debug for Step<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("name", &self.name).field("after", &self.after).finish_non_exhaustive()
    }
}

/// A step that does not tell of what its items are.
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) after: Vec<String>,
    pub(super) list: Box<dyn Fn() -> Doing<Stock> + Send + Sync>,
}

impl Prepared {
    fn wrong(&self, problem: &str) -> Error {
        Error::Configuration { name: format!("warm-up step `{}`", self.name), problem: problem.to_owned() }
    }
}

/// The items of a step, by their places.
pub(super) struct Stock {
    pub(super) items: usize,
    pub(super) share: f64,
    pub(super) warm: Box<dyn Fn(usize) -> Doing<()> + Send + Sync>,
    pub(super) is_right: Box<dyn Fn(usize) -> Doing<bool> + Send + Sync>,
}

fn stock<I>(items: Vec<I>, warm: Each<I, ()>, verify: Option<(f64, Each<I, bool>)>) -> Stock
where
    I: Clone + Send + Sync + 'static,
{
    let items = Arc::new(items);
    let share = verify.as_ref().map_or(0.0, |(share, _)| *share);
    let verified = items.clone();
    Stock {
        items: items.len(),
        share,
        warm: Box::new(move |at| warm(items[at].clone())),
        is_right: Box::new(move |at| match &verify {
            Some((_, is_right)) => is_right(verified[at].clone()),
            None => Box::pin(async { Ok(true) }),
        }),
    }
}

/// With its error as a text.
fn told<T, E: Display>(doing: impl Future<Output = Result<T, E>> + Send + 'static) -> Doing<T> {
    Box::pin(async { doing.await.map_err(|error| error.to_string()) })
}
