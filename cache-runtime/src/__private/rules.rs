//! What the attribute says of values of a type, as functions of it; and what a return type can say of a missing answer.

use super::shapes::{Fallible, FallibleMaybe, Maybe, Shape};
use crate::cache::ValueRules;
use crate::error::Unanswered;
use std::time::Duration;

/// How a function says that it has no answer, if its return type can.
pub type Unanswering<R> = fn(Unanswered) -> Option<R>;

/// The rules of one cached function.
pub struct Rules<S: Shape> {
    pub(super) values: ValueRules<S::Value>,
    pub(super) unanswered: Unanswering<S::Return>,
}

impl<S: Shape> Rules<S> {
    /// None yet, of a function of this shape.
    pub fn of(_: &S, unanswered: Unanswering<S::Return>) -> Self {
        Self { values: ValueRules::none(), unanswered }
    }

    /// The tags that follow from a value.
    #[must_use]
    pub fn tags(mut self, tags: fn(&S::Value) -> Vec<String>) -> Self {
        self.values.tags = Some(tags);
        self
    }

    /// The life that follows from a value.
    #[must_use]
    pub fn ttl_from(mut self, ttl_from: fn(&S::Value) -> Duration) -> Self {
        self.values.ttl_from = Some(ttl_from);
        self
    }

    /// Whether a value is kept.
    #[must_use]
    pub fn cache_if(mut self, cache_if: fn(&S::Value) -> bool) -> Self {
        self.values.cache_if = Some(cache_if);
        self
    }
}

// Derived, they would ask the same of the shape.
impl<S: Shape> Clone for Rules<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Shape> Copy for Rules<S> {}

impl<S: Shape> std::fmt::Debug for Rules<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").finish_non_exhaustive()
    }
}

/// Asks a shape how it says that there is no answer; the error type decides (autoref specialisation, as in `shapes`).
pub trait AskUnanswered {
    /// The return type.
    type Return;
    /// The way to say it.
    fn unanswered(&self) -> Unanswering<Self::Return>;
}

impl<T, E: From<Unanswered>> AskUnanswered for &Fallible<T, E> {
    type Return = Result<T, E>;

    fn unanswered(&self) -> Unanswering<Self::Return> {
        |why| Some(Err(E::from(why)))
    }
}

impl<T, E: From<Unanswered>> AskUnanswered for &FallibleMaybe<T, E> {
    type Return = Result<Option<T>, E>;

    fn unanswered(&self) -> Unanswering<Self::Return> {
        |why| Some(Err(E::from(why)))
    }
}

impl<T> AskUnanswered for &Maybe<T> {
    type Return = Option<T>;

    fn unanswered(&self) -> Unanswering<Self::Return> {
        // Of a value that took too long nobody knows that it is absent.
        |why| matches!(why, Unanswered::NotCached).then_some(None)
    }
}

/// The answer of those that cannot say it.
pub trait AskUnansweredNot {
    /// The return type.
    type Return;
    /// The way to say it.
    fn unanswered(&self) -> Unanswering<Self::Return>;
}

impl<S: Shape> AskUnansweredNot for S {
    type Return = S::Return;

    fn unanswered(&self) -> Unanswering<S::Return> {
        |_| None
    }
}

/// A return type that can say that a load took too long.
#[diagnostic::on_unimplemented(
    message = "this function cannot say that its load took too long",
    label = "its error has to be made `From<cache_runtime::Unanswered>`",
    note = "help: return a `Result` whose error implements `From<cache_runtime::Unanswered>`, or leave out `hard_timeout`"
)]
pub trait TimesOut {}

impl<T, E: From<Unanswered>> TimesOut for Fallible<T, E> {}
impl<T, E: From<Unanswered>> TimesOut for FallibleMaybe<T, E> {}

/// Fails to compile for a function that cannot say it.
pub const fn assert_times_out<S: TimesOut>(_: &S) {}
