//! What a caller demands of the cached functions that a future calls, beyond their own options.

use crate::function::Function;
use crate::token::Token;
use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Demands on the calls of cached functions in a future; see [`with`].
///
/// Demands on how new an answer is only ever ask for more: those of a [`with`] inside another add to it, and of two the
/// stricter holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    pub(crate) is_strong: bool,
    pub(crate) max_stale: Option<Duration>,
    pub(crate) after: Vec<Arc<Token>>,
    is_unlocked: bool,
    mode: Option<Mode>,
}

/// How far a call uses the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Bypass,
    Refresh,
    OnlyCached,
}

impl Call {
    /// Answers as `consistency = strong` does: nothing older than the last invalidation that was acknowledged anywhere
    /// before the call. Where memory has the value this costs one round trip that does not carry it.
    pub fn strong() -> Self {
        Self { is_strong: true, ..Self::default() }
    }

    /// Answers with nothing that another node invalidated longer ago than this. Lowers the cache's
    /// [`max_staleness`](crate::Builder::max_staleness); a longer one changes nothing.
    pub fn max_stale(max_stale: Duration) -> Self {
        Self { max_stale: Some(max_stale), ..Self::default() }
    }

    /// Answers with nothing older than the invalidation that returned this token, on whatever node. Costs a round trip
    /// only where this node has not heard of it yet.
    pub fn after(token: impl Into<Arc<Token>>) -> Self {
        Self { after: vec![token.into()], ..Self::default() }
    }

    /// Runs the bodies and leaves the cache alone: nothing is looked up, and nothing is kept.
    pub fn bypass() -> Self {
        Self { mode: Some(Mode::Bypass), ..Self::default() }
    }

    /// Runs the bodies and replaces what is cached, as the companions `…_refresh` do.
    pub fn refresh() -> Self {
        Self { mode: Some(Mode::Refresh), ..Self::default() }
    }

    /// Answers with what is cached and runs no body. What is not cached is `None`, or the error made from
    /// [`Unanswered::NotCached`](crate::Unanswered::NotCached); a function whose return type can say neither runs its body
    /// all the same, and the observer is told.
    pub fn only_cached() -> Self {
        Self { mode: Some(Mode::OnlyCached), ..Self::default() }
    }

    /// Loads at once where `lock` would wait for another process: what is loaded is kept all the same, unless it was
    /// overtaken. In this process still one caller loads.
    pub fn unlocked() -> Self {
        Self { is_unlocked: true, ..Self::default() }
    }

    /// Whether it asks for more than the functions' own options do.
    pub(crate) fn demands_news(&self) -> bool {
        self.is_strong || self.max_stale.is_some() || !self.after.is_empty()
    }

    /// Both demands; of two that say how far the cache is used, this one's counts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.is_strong |= other.is_strong;
        self.max_stale = self.max_stale.into_iter().chain(other.max_stale).min();
        self.after.extend(other.after);
        self.is_unlocked |= other.is_unlocked;
        self.mode = self.mode.or(other.mode);
        self
    }
}

tokio::task_local! {
    static DEMANDED: Arc<Call>;
}

/// Whether anything was ever demanded: most programs never do, and every hit asks.
static IS_USED: AtomicBool = AtomicBool::new(false);

/// Runs a future whose calls of cached functions are to meet a demand. It does not reach into tasks that the future
/// spawns.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::{Call, cached, with};
///
/// #[cached(key = "double:<n>", ttl = 60)]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// assert_eq!(with(Call::strong(), double(4)).await, 8);
/// # }
/// ```
pub fn with<F: Future>(call: Call, future: F) -> impl Future<Output = F::Output> {
    let call = match demanded() {
        Some(outer) => call.and((*outer).clone()),
        None => call,
    };
    IS_USED.store(true, Ordering::Relaxed);
    DEMANDED.scope(Arc::new(call), future)
}

/// What the running task demands.
pub(crate) fn demanded() -> Option<Arc<Call>> {
    DEMANDED.try_with(Arc::clone).ok()
}

/// Whether it demands anything, or is refreshing; cheaper than asking what.
#[inline]
pub(crate) fn is_demanding() -> bool {
    IS_USED.load(Ordering::Relaxed) && (DEMANDED.try_with(|_| ()).is_ok() || Refreshing::is_begun())
}

/// Whether the running task waits for no lease.
pub(crate) fn is_unlocked() -> bool {
    DEMANDED.try_with(|call| call.is_unlocked).unwrap_or(false)
}

/// How far the running task uses the cache, if it says.
pub(crate) fn mode() -> Option<Mode> {
    DEMANDED.try_with(|call| call.mode).ok().flatten()
}

thread_local! {
    static REFRESHED: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// That the next call on this thread of the function that a `…_refresh` is of refreshes: so it is not what the attribute's
/// own expressions call before, nor what the body calls in its turn. While it has not begun, memory has no answer.
pub(crate) struct Refreshing;

impl Refreshing {
    /// Until the function of that name takes it; or until it is dropped, as the call may have panicked before.
    pub(crate) fn begin(ident: &'static str) -> Self {
        IS_USED.store(true, Ordering::Relaxed);
        REFRESHED.set(Some(ident));
        Self
    }

    pub(crate) fn is_begun() -> bool {
        REFRESHED.get().is_some()
    }

    /// Whether this is the call.
    pub(crate) fn is_taken_by(function: &Function) -> bool {
        let is_its = REFRESHED.get() == Some(function.spec().ident);
        if is_its {
            REFRESHED.set(None);
        }
        is_its
    }
}

impl Drop for Refreshing {
    fn drop(&mut self) {
        REFRESHED.set(None);
    }
}
