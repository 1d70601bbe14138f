//! What the attribute says of the values and errors of a function, as functions of them; and what a return type can say of
//! a missing answer.

use super::shapes::{Fails, Fallible, FallibleMaybe, Maybe, Rememberable, Shape};
use crate::cache::{Remembered, ValueRules};
use crate::codec::Value;
use crate::error::Unanswered;
use std::sync::Arc;
use std::time::Duration;

/// How a function says that it has no answer, if its return type can.
pub type Unanswering<R> = fn(Unanswered) -> Option<R>;

/// The rules of one cached function.
pub struct Rules<S: Shape> {
    pub(super) values: ValueRules<S::Value>,
    pub(super) unanswered: Unanswering<S::Return>,
    pub(super) errors: Option<ErrorRules<S>>,
}

/// Which errors are remembered, and how.
pub(super) struct ErrorRules<S: Shape> {
    error_if: fn(&S::Error) -> bool,
    keep: fn(&S::Error) -> Value,
    give: fn(&Value) -> Option<S::Return>,
    pub(super) is_one: fn(&Value) -> bool,
}

impl<S: Shape> Rules<S> {
    /// None yet, of a function of this shape.
    pub fn of(_: &S, unanswered: Unanswering<S::Return>) -> Self {
        Self { values: ValueRules::none(), errors: None, unanswered }
    }

    /// The same of a companion, which has no answer to be without.
    pub fn of_companion(_: &S) -> Self {
        Self { values: ValueRules::none(), errors: None, unanswered: |_| None }
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

    /// Whether an error is remembered.
    #[must_use]
    pub fn error_if(mut self, error_if: fn(&<S as Fails>::Failure) -> bool) -> Self
    where
        S: Fails<Failure: Rememberable>,
    {
        self.errors = Some(ErrorRules {
            error_if,
            keep: |error| Arc::new(Remembered(error.clone())),
            give: |kept| kept.downcast_ref::<Remembered<S::Error>>().map(|kept| S::fail(kept.0.clone())),
            is_one: |kept| kept.is::<Remembered<S::Error>>(),
        });
        self
    }

    /// What is to be remembered of a load that failed.
    pub(super) fn kept_error(&self, failed: &S::Return) -> Option<Value> {
        let rules = self.errors?;
        S::error(failed).filter(|error| (rules.error_if)(error)).map(rules.keep)
    }

    /// The return for an error that is remembered, if that is what was found.
    pub(super) fn remembered(&self, found: &Value) -> Option<S::Return> {
        self.errors.and_then(|errors| (errors.give)(found))
    }

    pub(super) fn is_remembered(&self, found: &Value) -> bool {
        self.errors.is_some_and(|errors| (errors.is_one)(found))
    }

    /// The same rules, for a load whose failure leaves everything as it was.
    pub(super) fn without_errors(self) -> Self {
        Self { errors: None, ..self }
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

#[diagnostic::do_not_recommend]
impl<T, E: From<Unanswered>> TimesOut for Fallible<T, E> {}
#[diagnostic::do_not_recommend]
impl<T, E: From<Unanswered>> TimesOut for FallibleMaybe<T, E> {}

/// Fails to compile for a function that cannot say it.
pub const fn assert_times_out<S: TimesOut>(_: &S) {}
impl<S: Shape> std::fmt::Debug for ErrorRules<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErrorRules").finish_non_exhaustive()
    }
}

impl<S: Shape> Clone for ErrorRules<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Shape> Copy for ErrorRules<S> {}
