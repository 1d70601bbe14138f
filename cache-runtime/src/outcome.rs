//! Where an answer came from, told to whoever observes the call.

use std::cell::RefCell;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The process's memory.
    L1,
    /// The store.
    L2,
    /// Another caller's load, which this one waited for.
    Flight,
    /// This caller's own load.
    Load,
}

/// How a call of a cached function was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Who answered.
    pub tier: Tier,
    /// How long ago the value was loaded.
    pub age: Duration,
    /// Whether it was past its TTL or invalidated when it was served, as `stale_while_revalidate` and `stale_if_error`
    /// allow.
    pub stale: bool,
    /// Whether the caller waited for another caller's load.
    pub waited: bool,
}

impl Outcome {
    pub(crate) fn of(tier: Tier, age_ms: u64) -> Self {
        Self { tier, age: Duration::from_millis(age_ms), stale: false, waited: tier == Tier::Flight }
    }

    pub(crate) fn stale(self) -> Self {
        Self { stale: true, ..self }
    }

    /// Whether a tier answered, and nobody loaded for this call.
    pub fn is_hit(&self) -> bool {
        matches!(self.tier, Tier::L1 | Tier::L2)
    }
}

tokio::task_local! {
    static OBSERVED: RefCell<Option<Outcome>>;
}

/// Whether anything was ever observed: most programs never do, and every hit is recorded.
static IS_USED: AtomicBool = AtomicBool::new(false);

/// Runs a future and tells how the cached function it calls was answered; `None` if it called none.
///
/// Of several calls the one that ended last counts, which for nested ones is the outermost.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::{Tier, cached, observe};
///
/// #[cached(key = "double:<n>", ttl = 60)]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// let (value, outcome) = observe(double(4)).await;
/// assert_eq!((value, outcome.map(|o| o.tier)), (8, Some(Tier::Load)));
/// let (value, outcome) = observe(double(4)).await;
/// assert_eq!((value, outcome.map(|o| o.tier)), (8, Some(Tier::L1)));
/// # }
/// ```
pub async fn observe<F: Future>(call: F) -> (F::Output, Option<Outcome>) {
    let both = async {
        let output = call.await;
        (output, OBSERVED.with(RefCell::take))
    };
    IS_USED.store(true, Ordering::Relaxed);
    OBSERVED.scope(RefCell::new(None), both).await
}

#[inline]
pub(crate) fn record(outcome: impl FnOnce() -> Outcome) {
    if IS_USED.load(Ordering::Relaxed) {
        let _unobserved = OBSERVED.try_with(|observed| observed.replace(Some(outcome())));
    }
}
