//! What a build without the feature `tracing` has in the place of spans: nothing.

pub(crate) use super::operation::{Of, Operation};
use crate::outcome::Outcome;
use std::future::Future;

#[inline]
pub(crate) fn wants_hits() -> bool {
    false
}

pub(crate) fn hit(_: Of<'_>, _: Outcome) {}

#[inline]
pub(crate) fn around<F: Future>(_: Operation, _: Of<'_>, act: F) -> F {
    act
}

#[inline]
pub(crate) fn attempt<F: Future>(_: Operation, _: Of<'_>, act: F) -> F {
    act
}

#[inline]
pub(crate) fn load<F: Future>(_: Of<'_>, load: F) -> F {
    load
}

pub(crate) fn answered(_: Outcome) {}

pub(crate) fn load_failed() {}

#[derive(Clone)]
pub(crate) struct Around;

impl Around {
    pub(crate) fn here() -> Self {
        Self
    }

    pub(crate) fn nothing() -> Self {
        Self
    }

    pub(crate) fn run(&self, run: &mut dyn FnMut()) {
        run();
    }
}
