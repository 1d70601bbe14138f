//! One call of a cached function: memory first, then a name, then the engine.

use super::background::{Loader, Ruled};
use super::frame::{Begun, Course};
use super::rules::Rules;
use super::shapes::Shape;
use super::work::{Job, Limits, Work};
use crate::cache::{Cache, Entry, Peeked, Request, Slot};
use crate::call::{Mode, Refreshing, mode};
use crate::codec::{Cacheable, CodecChoice, Holding, Keepable, LocalWire, TypedWire, Value, Wire};
use crate::function::Function;
use crate::key::{Id, Part, Template};
use crate::schema::Schema;
use crate::scope;
use std::sync::Arc;

/// Which cache a call is to use.
#[derive(Debug)]
pub enum Place {
    /// The current one. It is not taken along before memory has missed.
    Current,
    /// The one that the attribute names.
    Named(Cache),
}

/// The cache of this task.
#[inline]
pub fn current() -> Place {
    Place::Current
}

/// The cache that the attribute names.
pub fn chosen(cache: &Cache) -> Place {
    Place::Named(cache.clone())
}

impl Place {
    #[inline]
    fn with<T>(&self, take: impl FnOnce(&Cache) -> T) -> T {
        match self {
            Self::Current => scope::with_current(take),
            Self::Named(cache) => take(cache),
        }
    }

    pub(super) fn take(self) -> Cache {
        match self {
            Self::Current => scope::current(),
            Self::Named(cache) => cache,
        }
    }
}

/// What the engine has to know of a value's type, to be made when it is asked. It does not name that type: a value that cannot
/// be stored is reported where this is, and not at every use.
pub struct Wired<A> {
    of: A,
    made: fn(A) -> Arc<dyn Wire>,
}

impl<A> Wired<A> {
    pub(super) fn made(self) -> Arc<dyn Wire> {
        (self.made)(self.of)
    }
}

/// The codec, the version, and what makes the fingerprint.
type Stored<C> = (C, u32, fn(u32) -> Schema);

impl<A> std::fmt::Debug for Wired<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wired").finish_non_exhaustive()
    }
}

/// What the engine has to know of a stored value's type.
pub fn wire<S, C>(_: &S, codec: C, version: u32, schema: fn(u32) -> Schema) -> Wired<Stored<C>>
where
    S: Shape<Value: Cacheable>,
    C: CodecChoice + 'static,
{
    Wired {
        of: (codec, version, schema),
        made: |(codec, version, schema)| Arc::new(TypedWire::<S::Value, C, S::Hold>::of_schema(codec, version, schema)),
    }
}

/// What the engine has to know of the type of a value that stays in the process.
pub fn local_wire<S>(_: &S) -> Wired<()>
where
    S: Shape<Value: Keepable>,
{
    Wired { of: (), made: |()| Arc::new(LocalWire::<S::Value, S::Hold>::new()) }
}

/// A call that memory has not been asked for yet, or could not answer.
pub struct Call {
    place: Place,
    function: &'static Function,
    due: Option<Arc<Slot>>,
}

impl Call {
    /// Of a function.
    #[inline]
    pub fn open(place: Place, function: &'static Function) -> Self {
        Self { place, function, due: None }
    }

    /// The answer of memory, if it has one that needs nobody's word and no load; or the call, which goes on: so of one that
    /// was answered there is nothing to drop. The fingerprint is made where the arguments' types are known, and the cache
    /// is looked for once.
    ///
    /// # Errors
    /// The call.
    #[inline(always)]
    pub fn peek<S>(self, _: &S, values: &[Part<'_>]) -> Result<S::Return, Self>
    where
        S: Shape<Value: Clone + 'static>,
    {
        let print = self.function.fingerprint(values);
        let mut due = None;
        let found = self.place.with(|cache| {
            if !cache.is_open() {
                return None;
            }
            let print = cache.print_here(print);
            cache.hit(print, close::<S>).unwrap_or_else(|| looked::<S>(cache, print, &mut due))
        });
        match found {
            Some(answer) => Ok(answer),
            None => Err(Self { due, ..self }),
        }
    }

    /// Makes the key's text and finds the policy.
    pub fn named(mut self, values: &[Part<'_>]) -> NamedCall {
        let due = self.due.take();
        let (cache, function, print) = self.settled(values);
        let request = Request::of_call(&cache, function, print, values);
        NamedCall { cache, request, due, is_refresh: Refreshing::is_taken_by(function) }
    }

    /// Takes the cache along. Another may have become the current one by now, and a fingerprint is of one namespace.
    pub(super) fn settled(self, values: &[Part<'_>]) -> (Cache, &'static Function, Id) {
        let cache = self.place.take();
        let print = cache.print_here(self.function.fingerprint(values));
        (cache, self.function, print)
    }
}

/// What takes a thought.
#[cold]
#[inline(never)]
fn look(cache: &Cache, print: Id, due: &mut Option<Arc<Slot>>) -> Option<Arc<Slot>> {
    match cache.peek(print) {
        Peeked::Hit(slot) => Some(slot),
        Peeked::Due(slot) => {
            *due = Some(slot);
            None
        }
        Peeked::Miss => None,
    }
}

#[cold]
fn looked<S>(cache: &Cache, print: Id, due: &mut Option<Arc<Slot>>) -> Option<S::Return>
where
    S: Shape<Value: Clone + 'static>,
{
    close::<S>(look(cache, print, due)?.value.as_ref())
}

/// The return type for what memory has, unless that is of another type.
#[inline(always)]
fn close<S>(value: Option<&Value>) -> Option<S::Return>
where
    S: Shape<Value: Clone + 'static>,
{
    match value {
        Some(value) => S::close(Some(S::Hold::give(value)?)),
        None => S::close(None),
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("function", &self.function.path()).finish_non_exhaustive()
    }
}

/// A tag of a returned value.
pub fn tag_of(template: Template, values: &[Part<'_>]) -> String {
    template.tag("", values)
}

/// A call with its key.
#[derive(Debug)]
pub struct NamedCall {
    pub(super) cache: Cache,
    pub(super) request: Request,
    /// What memory answers with, if it is to be loaded anew.
    due: Option<Arc<Slot>>,
    /// Whether `…_refresh` has called it.
    is_refresh: bool,
}

impl NamedCall {
    /// Whether somebody else may have to run the body, so that what it needs has to be kept.
    pub fn may_go_on(&self) -> bool {
        self.is_cached() && (self.due.is_some() || self.cache.may_go_on(&self.request))
    }

    /// How the call comes to the answer of whoever has it, or of the body. `loader` runs the body without this call, if that
    /// can be.
    pub fn begin<S, A>(self, _: S, wire: Wired<A>, rules: Rules<S>, loader: Option<Loader<S>>) -> Begun<S::Return>
    where
        S: Shape<Value: Clone + Send + Sync + 'static> + 'static,
    {
        self.course(wire.made(), rules, loader).begun()
    }

    fn course<S>(mut self, wire: Arc<dyn Wire>, rules: Rules<S>, loader: Option<Loader<S>>) -> Course<S>
    where
        S: Shape<Value: Clone + Send + Sync + 'static> + 'static,
    {
        if self.is_refresh {
            return self.refresh(wire, rules);
        }
        let Some(job) = self.job() else { return Course::Unkept };
        let work = self.work(wire, &rules);
        if let Some(loader) = loader.as_ref().filter(|_| mode().is_none()) {
            work.run_ahead(loader, rules);
            if let Job::AnswerWithin(limits) = job
                && work.cache.has_background()
            {
                return Course::Elsewhere(loader.answer_within(work, rules, limits));
            }
        }
        Course::of(work, job, rules, loader.map(|loader| Ruled(loader, rules)))
    }

    /// How the call comes to the answer of the body, which replaces whatever is cached.
    pub fn begin_refresh<S, A>(self, _: S, wire: Wired<A>, rules: Rules<S>) -> Begun<S::Return>
    where
        S: Shape<Value: Clone + Send + Sync + 'static> + 'static,
    {
        self.refresh(wire.made(), rules).begun()
    }

    fn refresh<S>(self, wire: Arc<dyn Wire>, rules: Rules<S>) -> Course<S>
    where
        S: Shape<Value: Clone + Send + Sync + 'static> + 'static,
    {
        match self.is_cached() {
            true => {
                let rules = rules.without_errors();
                Course::of(self.work(wire, &rules), Job::Refresh, rules, None)
            }
            false => Course::Unkept,
        }
    }

    /// A handle on the entry.
    pub fn entry<S, A>(self, _: &S, wire: Wired<A>, rules: Rules<S>) -> Entry<S::Value>
    where
        S: Shape<Value: Clone + Send + Sync + 'static>,
    {
        Entry::new(self.cache, self.request, wire.made(), S::Hold::hold, rules.values)
    }

    /// What the engine is to do; nothing if the call is not cached.
    fn job(&mut self) -> Option<Job> {
        if !self.is_cached() {
            return None;
        }
        match (mode(), self.due.take(), Limits::of(&self.request)) {
            (Some(Mode::Bypass), ..) => None,
            (Some(Mode::Refresh), ..) => Some(Job::Refresh),
            (Some(Mode::OnlyCached), ..) => Some(Job::Find),
            (None, Some(slot), _) => Some(Job::Serve(slot)),
            (None, None, Some(limits)) => Some(Job::AnswerWithin(limits)),
            (None, None, None) => Some(Job::Answer),
        }
    }

    fn work<S: Shape>(mut self, wire: Arc<dyn Wire>, rules: &Rules<S>) -> Work {
        (self.request.has_late_tags, self.request.lives_by_value) =
            (rules.values.tags.is_some(), rules.values.ttl_from.is_some());
        self.request.is_remembered = rules.errors.map(|errors| errors.is_one);
        Work { cache: self.cache, request: self.request, wire }
    }

    pub(super) fn is_cached(&self) -> bool {
        self.cache.is_open() && self.request.is_kept()
    }
}
