//! What of a call is compiled in the crate that has the function: its load, and what its return type can say.
//!
//! Of the load's own type there is as little as can be, since every function has another one: a [`Fetch`] polls it, and
//! that is all. A [`Course`] is compiled once a return type.

use super::background::{Ruled, Sent};
use super::desk::{Around, Desk, Opened};
use super::rules::Rules;
use super::shapes::Shape;
use super::work::{ANSWERED, Answer, Errand, Job, Side, Types, Work};
use crate::call::Refreshing;
use crate::codec::{Holding, Value, is_typed, taken};
use crate::error::Unanswered;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A call that memory could not answer, and the load for it, as one future: so it is `Send` whenever the load is.
///
/// The expansion makes it as a literal: a function that made it would be compiled for every load.
#[must_use = "futures do nothing unless polled"]
pub struct Fetch<'f, R, F> {
    /// How the call goes on.
    pub course: Begun<R>,
    /// The load.
    pub load: Pin<&'f mut F>,
}

/// How a call goes on that memory could not answer.
///
/// It knows the return type and nothing else of the function: what is held across the one `.await` of every cached function
/// is to be little for the compiler to look at.
pub struct Begun<R> {
    course: Box<dyn Answers<R> + Send>,
    /// What the load returned. It stays here, for it need not be `Send`.
    returned: Option<R>,
}

/// A [`Course`] by its return type alone.
trait Answers<R> {
    fn answer(
        &mut self,
        context: &mut Context<'_>,
        load: &mut dyn FnMut(&mut Context<'_>) -> Poll<R>,
        returned: &mut Option<R>,
    ) -> Poll<R>;
}

/// How a call comes to its answer.
pub(super) enum Course<S: Shape> {
    /// By the load, of which nothing is kept.
    Unkept,
    /// By the engine, which asks for the load if it must.
    Engine { engine: Pin<Box<dyn Future<Output = Answer> + Send>>, errand: Arc<Errand>, rules: Rules<S> },
    /// By another load of the same.
    Elsewhere(Sent<S::Return>),
}

/// A call that begins when it is first polled. To check a closure costs the compiler less than to check a future, so that
/// those companions that nobody may ever call are closures.
pub async fn lazily<R, F: Future<Output = R>>(begin: impl FnOnce() -> (Begun<R>, F)) -> R {
    let (course, load) = begin();
    Fetch { course, load: pin!(load) }.await
}

/// A call of the cached function of that name that replaces what is cached: the companion is its function, and has the body
/// once.
pub fn refreshing<F: Future>(ident: &'static str, call: F) -> impl Future<Output = F::Output> {
    let (mut call, mut has_begun) = (Box::pin(call), false);
    // It asks memory when it is first polled, if it ever does: what its body calls is asked as ever.
    poll_fn(move |context| {
        let _begins = (!std::mem::replace(&mut has_begun, true)).then(|| Refreshing::begin(ident));
        call.as_mut().poll(context)
    })
}

// Nothing in it is pinned: the load is, where it stands.
impl<R, F> Unpin for Fetch<'_, R, F> {}

impl<R, F: Future<Output = R>> Future for Fetch<'_, R, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let Self { course, load } = self.get_mut();
        course.course.answer(context, &mut |context| load.as_mut().poll(context), &mut course.returned)
    }
}

impl<S> Course<S>
where
    S: Shape<Value: Clone + Send + Sync + 'static> + 'static,
{
    /// The same without its types.
    pub(super) fn begun(self) -> Begun<S::Return> {
        Begun { course: Box::new(self), returned: None }
    }

    /// Has a job done by the engine.
    pub(super) fn of(work: Work, job: Job, rules: Rules<S>, renews: Option<Ruled<S>>) -> Self {
        let errand = Arc::new(Errand { work, desk: Desk::default() });
        let renews = renews.map(|renews| Box::new(renews) as _);
        let engine = errand.clone().perform(job, Side { types: Box::new(rules), renews });
        Self::Engine { engine, errand, rules }
    }
}

impl<S> Answers<S::Return> for Course<S>
where
    S: Shape<Value: Clone + Send + Sync + 'static>,
{
    fn answer(
        &mut self,
        context: &mut Context<'_>,
        load: &mut dyn FnMut(&mut Context<'_>) -> Poll<S::Return>,
        returned: &mut Option<S::Return>,
    ) -> Poll<S::Return> {
        self.poll(context, load, returned).map(|answer| answer.expect(ANSWERED))
    }
}

impl<S> Course<S>
where
    S: Shape<Value: Clone + Send + Sync + 'static>,
{
    /// What comes of the job; nothing if somebody else does it.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        load: &mut dyn FnMut(&mut Context<'_>) -> Poll<S::Return>,
        returned: &mut Option<S::Return>,
    ) -> Poll<Option<S::Return>> {
        match self {
            Self::Unkept => {
                let mut polled = Poll::Pending;
                Around::nothing().run(&mut || polled = load(context));
                polled.map(Some)
            }
            Self::Engine { engine, errand, rules } => {
                let answer = ready!(errand.desk.serve(context, engine.as_mut(), &mut |context| {
                    Poll::Ready(rules.open(&errand.work, ready!(load(context)), returned))
                }));
                Poll::Ready(rules.say(answer, returned.take()))
            }
            Self::Elsewhere(answer) => answer.as_mut().poll(context).map(Some),
        }
    }
}

impl<S> Rules<S>
where
    S: Shape<Value: Clone + Send + Sync + 'static>,
{
    /// What the engine is told of a load's output, which stays here.
    fn open(&self, work: &Work, output: S::Return, returned: &mut Option<S::Return>) -> Opened {
        match S::open(output) {
            Ok(value) => {
                let loaded = work.cache.loaded(&work.request, &self.values, S::Hold::hold, value.as_ref());
                *returned = S::close(value);
                Ok(loaded)
            }
            Err(failed) => {
                let error = self.kept_error(&failed);
                *returned = Some(failed);
                Err(error)
            }
        }
    }

    /// The return for an answer; none if there is none.
    pub(super) fn say(&self, answer: Answer, returned: Option<S::Return>) -> Option<S::Return> {
        match answer {
            Answer::Loaded => returned,
            Answer::Found(value) => self.give(value),
            Answer::Unanswered(why) => (self.unanswered)(why),
            Answer::Nobody => None,
        }
    }

    /// The return for what was found; none if it is not of this shape.
    fn give(&self, found: Option<Value>) -> Option<S::Return> {
        let Some(found) = found else { return S::close(None) };
        match self.remembered(&found) {
            Some(failed) => Some(failed),
            None => S::close(Some(taken::<S::Value>(found)?)),
        }
    }
}

impl<S: Shape<Value: 'static>> Types for Rules<S> {
    fn can_give(&self, found: Option<&Value>) -> bool {
        match found {
            Some(found) => is_typed::<S::Value>(found) || self.is_remembered(found),
            None => S::close(None).is_some(),
        }
    }

    fn can_say(&self, why: Unanswered) -> bool {
        (self.unanswered)(why).is_some()
    }
}
