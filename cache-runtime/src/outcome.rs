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
    /// Whether it was fresh, and due to be loaded anew early or ahead of readers, which this call set off.
    pub early: bool,
}

/// How one of several calls was answered; see [`observe_all`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answered {
    /// The function, as in [`FunctionStats::name`](crate::FunctionStats::name); `(by hand)` for keys of one's own making.
    pub function: String,
    /// How.
    pub outcome: Outcome,
}

impl Outcome {
    pub(crate) fn of(tier: Tier, age_ms: u64) -> Self {
        Self { tier, age: Duration::from_millis(age_ms), stale: false, waited: tier == Tier::Flight, early: false }
    }

    pub(crate) fn stale(self) -> Self {
        Self { stale: true, ..self }
    }

    pub(crate) fn early_if(self, early: bool) -> Self {
        Self { early, ..self }
    }

    /// Whether a tier answered, and nobody loaded for this call.
    pub fn is_hit(&self) -> bool {
        matches!(self.tier, Tier::L1 | Tier::L2)
    }
}

tokio::task_local! {
    static OBSERVED: RefCell<Option<Outcome>>;
    static ALL: RefCell<Vec<Answered>>;
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

/// Runs a future and tells how each of the cached functions that it calls was answered, in the order in which they ended;
/// also of those that one of them calls in its body. So the answer to a request can say whether it came from a cache.
///
/// It does not reach into tasks that the future spawns. Within another `observe_all` the outer one is told as well.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::{cached, observe_all};
///
/// #[cached(key = "half:<n>", ttl = 60)]
/// async fn half(n: u64) -> u64 {
///     n / 2
/// }
///
/// async fn page() -> (u64, &'static str) {
///     let (sum, answers) = observe_all(async { half(4).await + half(6).await }).await;
///     let is_hit = answers.iter().all(|answer| answer.outcome.is_hit());
///     (sum, if is_hit { "hit" } else { "miss" }) // as the header `x-cache`
/// }
///
/// assert_eq!(page().await, (5, "miss"));
/// assert_eq!(page().await, (5, "hit"));
/// # }
/// ```
pub async fn observe_all<F: Future>(calls: F) -> (F::Output, Vec<Answered>) {
    let both = async {
        let output = calls.await;
        (output, ALL.with(RefCell::take))
    };
    IS_USED.store(true, Ordering::Relaxed);
    let (output, all) = ALL.scope(RefCell::default(), both).await;
    let _outermost = ALL.try_with(|outer| outer.borrow_mut().extend(all.iter().cloned()));
    (output, all)
}

/// Whether anything was ever observed.
#[inline]
pub(crate) fn is_used() -> bool {
    IS_USED.load(Ordering::Relaxed)
}

/// Whether anybody observes this call.
#[cold]
#[inline(never)]
pub(crate) fn is_observed() -> bool {
    OBSERVED.try_with(|_| ()).is_ok() || ALL.try_with(|_| ()).is_ok()
}

/// Tells whoever observes this call how it was answered.
pub(crate) fn record(function: &str, outcome: Outcome) {
    let _unobserved = OBSERVED.try_with(|observed| observed.replace(Some(outcome)));
    let answered = || Answered { function: function.to_owned(), outcome };
    let _unobserved = ALL.try_with(|all| all.borrow_mut().push(answered()));
}

/// Lets a span know how its operation was answered, and whoever observes the call as well.
#[cfg(feature = "tracing")]
pub(crate) async fn note_for_span<F: Future>(operation: F) -> (F::Output, Option<Outcome>) {
    let (output, outcome) = observe(operation).await;
    if outcome.is_some() {
        let _unobserved = OBSERVED.try_with(|observed| observed.replace(outcome));
    }
    (output, outcome)
}
