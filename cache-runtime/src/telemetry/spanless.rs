//! What a build without the feature `tracing` has in the place of spans: nothing.

use crate::outcome::Outcome;
use std::future::Future;

/// What somebody asked the cache for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Call,
    Refresh,
    Get,
    GetOrLoad,
    Set,
    Remove,
    Expire,
    InvalidateTag,
    InvalidateFunction,
    Emit,
    Announce,
    Settle,
    RemovePattern,
    Clear,
}

/// What an operation is of.
#[derive(Clone, Copy, Debug, Default)]
#[expect(dead_code, reason = "it is for spans")]
pub(crate) struct Of<'a> {
    pub(crate) cache: &'a str,
    pub(crate) function: Option<&'a str>,
    pub(crate) template: Option<&'a str>,
    pub(crate) event: Option<&'a str>,
}

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
