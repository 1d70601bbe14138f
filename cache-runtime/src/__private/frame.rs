//! What of a call is compiled for every function: its load, and its types.

use super::background::Renews;
use super::desk::{Around, Desk, Opened};
use super::rules::Rules;
use super::shapes::Shape;
use super::work::{Answer, Frame, Job, Types, Work};
use crate::cache::taken;
use crate::codec::Value;
use crate::error::Unanswered;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Poll, ready};

/// Has a job done, and runs the load when that is asked for. None if somebody else does the job.
pub(super) async fn done<S, F>(
    work: Work,
    job: Job,
    rules: Rules<S>,
    renews: Option<&dyn Renews>,
    mut load: Pin<&mut F>,
) -> Option<S::Return>
where
    S: Shape<Value: Clone + Send + Sync + 'static>,
    F: Future<Output = S::Return>,
{
    let desk = Desk::default();
    let mut engine = work.perform(job, Frame { types: &rules, renews, desk: &desk });
    let mut returned = None;
    let answer = poll_fn(|context| {
        desk.serve(context, engine.as_mut(), &mut |context| {
            let output = ready!(load.as_mut().poll(context));
            Poll::Ready(rules.open(&work, output, &mut returned))
        })
    });
    let answer = answer.await;
    rules.say(answer, returned)
}

/// Runs a load that nothing is kept of.
pub(super) async fn unkept<F: Future>(mut load: Pin<&mut F>) -> F::Output {
    let polled = poll_fn(|context| {
        let mut polled = Poll::Pending;
        Around::nothing().run(&mut || polled = load.as_mut().poll(context));
        polled
    });
    polled.await
}

impl<S> Rules<S>
where
    S: Shape<Value: Clone + Send + Sync + 'static>,
{
    /// What the engine is told of a load's output, which stays in the frame.
    fn open(&self, work: &Work, output: S::Return, returned: &mut Option<S::Return>) -> Opened {
        match S::open(output) {
            Ok(value) => {
                let loaded = work.cache.loaded(&work.request, &self.values, value.as_ref());
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
            Some(found) => found.is::<S::Value>() || self.is_remembered(found),
            None => S::close(None).is_some(),
        }
    }

    fn can_say(&self, why: Unanswered) -> bool {
        (self.unanswered)(why).is_some()
    }
}
