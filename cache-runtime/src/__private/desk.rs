//! Where the engine asks for a load, and where its caller, who has it, brings what came of it.
//!
//! A load is of another type in every function, and the engine is to be compiled once, not once a function. So it does not
//! have the load: both stand side by side in the caller's frame, where the engine is polled until it asks, then the load,
//! then the engine again. That they are one future, polled by hand, keeps it `Send` whenever the load is.

use super::work::Answer;
use crate::cache::Loaded;
use crate::codec::Value;
use crate::flight::{led, within};
use crate::load::{Load, beside};
use crate::telemetry::spans;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

/// What came of a load: a value or an absence; or a failure, with what is to be remembered of it.
pub(super) type Opened = Result<Loaded, Option<Value>>;

/// What is asked for at the moment. One task has both sides, so that its lock is always free.
#[derive(Default)]
pub(super) struct Desk(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Asked(Around),
    Done(Opened),
}

/// What is around a load where it is asked for, and has to be around it where it runs.
#[derive(Clone)]
pub(super) struct Around {
    /// The flights that it is the load of.
    led: Option<Vec<usize>>,
    load: Option<Load>,
    span: spans::Around,
}

impl Around {
    fn here() -> Self {
        Self { led: Some(led()), load: Load::current(), span: spans::Around::here() }
    }

    /// Around a body that nothing is loaded for.
    pub(super) fn nothing() -> Self {
        Self { led: None, load: None, span: spans::Around::nothing() }
    }

    pub(super) fn run(self, run: &mut dyn FnMut()) {
        let Self { led, load, span } = self;
        let mut within_its_flights = || match &led {
            Some(led) => within(led.clone(), run),
            None => run(),
        };
        beside(load, &mut || span.run(&mut within_its_flights));
    }
}

impl Desk {
    /// Asks for the load, and waits for what comes of it.
    pub(super) fn load(&self) -> impl Future<Output = Opened> + Send + '_ {
        // Nobody has to be woken: whoever brings the answer polls this next.
        poll_fn(|_| {
            let mut state = self.lock();
            match std::mem::take(&mut *state) {
                State::Done(opened) => return Poll::Ready(opened),
                State::Idle => *state = State::Asked(Around::here()),
                asked @ State::Asked(_) => *state = asked,
            }
            Poll::Pending
        })
    }

    /// Lets the engine work; runs the load when the engine has asked for it.
    pub(super) fn serve(
        &self,
        context: &mut Context<'_>,
        mut engine: Pin<&mut (dyn Future<Output = Answer> + Send + '_)>,
        load: &mut dyn FnMut(&mut Context<'_>) -> Poll<Opened>,
    ) -> Poll<Answer> {
        loop {
            if let Poll::Ready(answer) = engine.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            let Some(around) = self.asked() else { return Poll::Pending };
            let mut opened = Poll::Pending;
            around.run(&mut || opened = load(context));
            *self.lock() = State::Done(ready!(opened));
        }
    }

    fn asked(&self) -> Option<Around> {
        match &*self.lock() {
            State::Asked(around) => Some(around.clone()),
            State::Idle | State::Done(_) => None,
        }
    }

    /// A panic while it was locked leaves it whole: every change is a single one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
