//! Spans of the crate `tracing`: one for each public operation, and below it one for the load.
//!
//! With the feature `tracing`; without it there is nothing of this in a call. A hit in memory is a span of the level
//! trace, made when it is over, and everything else one of the level debug: so that who wants to see loads and
//! invalidations does not pay for every hit. No span has a key or a value: the template of the key, and what became of it.

pub(crate) use super::operation::{Of, Operation};
use crate::outcome::{Outcome, Tier, note_for_span};
use std::future::Future;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

macro_rules! spans {
    ($($operation:ident = $name:literal,)*) => {
        fn span(operation: Operation, of: Of<'_>) -> Span {
            match operation {
                $(Operation::$operation => tracing::debug_span!(
                    target: "cache_runtime",
                    $name,
                    cache.name = of.cache,
                    cache.function = of.function,
                    cache.key_template = of.template,
                    cache.event = of.event,
                    cache.level = Empty,
                    cache.hit = Empty,
                    cache.stale = Empty,
                    cache.early = Empty,
                    cache.waited = Empty,
                    cache.load_failed = Empty,
                    otel.status_code = Empty,
                ),)*
            }
        }
    };
}

spans! {
    Call = "cache.call",
    Refresh = "cache.refresh",
    Get = "cache.get",
    GetOrLoad = "cache.get_or_load",
    Set = "cache.set",
    Remove = "cache.remove",
    Expire = "cache.expire",
    InvalidateTag = "cache.invalidate_tag",
    InvalidateFunction = "cache.invalidate_function",
    Emit = "cache.emit",
    Announce = "cache.announce",
    Settle = "cache.settle",
    RemovePattern = "cache.remove_pattern",
    Clear = "cache.clear",
}

/// Whether anybody may want spans of hits in memory: a look at a static.
#[inline]
pub(crate) fn wants_hits() -> bool {
    tracing::level_enabled!(tracing::Level::TRACE)
}

/// A hit in memory, which is over.
#[cold]
pub(crate) fn hit(of: Of<'_>, outcome: Outcome) {
    tracing::trace_span!(
        target: "cache_runtime",
        "cache.call",
        cache.name = of.cache,
        cache.function = of.function,
        cache.key_template = of.template,
        cache.level = level(outcome.tier),
        cache.hit = !outcome.stale,
        cache.stale = outcome.stale,
        cache.early = outcome.early,
        cache.waited = false,
    )
    .in_scope(|| {});
}

/// Runs an operation in a span of its own, which is told how it was answered.
pub(crate) fn around<F: Future>(operation: Operation, of: Of<'_>, act: F) -> impl Future<Output = F::Output> + use<F> {
    let span = span(operation, of);
    async move {
        if span.is_none() {
            return act.await;
        }
        // In a box, so that calls without a span have no room for what is around one.
        let (output, outcome) = note_for_span(Box::pin(act).instrument(span.clone())).await;
        if let Some(outcome) = outcome {
            note(&span, outcome);
        }
        output
    }
}

/// The same of one that may fail.
pub(crate) fn attempt<T, E, F>(
    operation: Operation,
    of: Of<'_>,
    act: F,
) -> impl Future<Output = Result<T, E>> + use<T, E, F>
where
    F: Future<Output = Result<T, E>>,
{
    let span = span(operation, of);
    async move {
        let result = act.instrument(span.clone()).await;
        if result.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        result
    }
}

/// Runs a load in a span below that of its operation.
pub(crate) fn load<F: Future>(of: Of<'_>, load: F) -> impl Future<Output = F::Output> + use<F> {
    load.instrument(tracing::debug_span!(
        target: "cache_runtime",
        "cache.load",
        cache.name = of.cache,
        cache.function = of.function,
        cache.key_template = of.template,
    ))
}

/// Notes how the running operation was answered.
pub(crate) fn answered(outcome: Outcome) {
    note(&Span::current(), outcome);
}

fn note(span: &Span, outcome: Outcome) {
    span.record("cache.level", level(outcome.tier));
    span.record("cache.hit", outcome.is_hit() && !outcome.stale);
    span.record("cache.stale", outcome.stale);
    span.record("cache.early", outcome.early);
    span.record("cache.waited", outcome.waited);
}

/// Notes that the load of the running operation failed.
pub(crate) fn load_failed() {
    Span::current().record("cache.load_failed", true);
}

/// The span that is around something, to be put around something else as well.
#[derive(Clone)]
pub(crate) struct Around(Span);

impl Around {
    pub(crate) fn here() -> Self {
        Self(Span::current())
    }

    pub(crate) fn nothing() -> Self {
        Self(Span::none())
    }

    pub(crate) fn run(&self, run: &mut dyn FnMut()) {
        self.0.in_scope(run);
    }
}

fn level(tier: Tier) -> &'static str {
    match tier {
        Tier::L1 => "l1",
        Tier::L2 => "l2",
        Tier::Flight => "flight",
        Tier::Load => "load",
    }
}
