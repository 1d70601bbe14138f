//! How much is done to get an answer out of a store, and when that is given up.

use crate::backoff::Backoff;
use crate::breaker::Breaker;
use std::time::Duration;

/// How long operations of a store may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// For reads and heartbeats; by default 50 ms.
    pub read: Duration,
    /// For everything else; by default 100 ms.
    pub write: Duration,
}

impl Deadlines {
    /// None: of a store that never waits for anybody.
    pub const NEVER: Self = Self { read: Duration::MAX, write: Duration::MAX };
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { read: Duration::from_millis(50), write: Duration::from_millis(100) }
    }
}

/// What a cache does about a store that is slow or away.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// use cache_runtime::store::{Breaker, Resilience};
/// use cache_runtime::{Cache, MemoryStore};
/// use std::time::Duration;
///
/// let breaker = Breaker { failures: 3, open_for: Duration::from_secs(1), ..Breaker::default() };
/// let resilience = Resilience { breaker: Some(breaker), ..Resilience::default() };
/// Cache::builder().store(MemoryStore::new()).resilience(resilience).build().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resilience {
    /// How long operations may take. By default those of the store, or else 50 ms for reads and 100 ms for the rest.
    ///
    /// A deadline needs a tokio runtime with its time enabled; where there is no runtime at all, none is kept.
    pub deadlines: Option<Deadlines>,
    /// How often an operation is attempted once more, if it could not be done and doing it twice is harmless: reads,
    /// begins of loads, and invalidations. By default once.
    pub retries: u32,
    /// The longest of the first pauses between attempts, each of which is a random one between half of it and all of it;
    /// twice as long each time. By default 4 ms.
    pub first_pause: Duration,
    /// How long pauses become at most; by default 50 ms.
    pub longest_pause: Duration,
    /// When the store, or one server of a cluster, is not asked any more for a while; none is never.
    pub breaker: Option<Breaker>,
    /// How many operations may be under way at once, invalidations apart, and how many of these; what comes on top is not
    /// performed. Invalidations that go together are one. By default 1024.
    pub max_in_flight: usize,
}

impl Resilience {
    /// Nothing is repeated, bounded or given up but by the store itself.
    #[must_use]
    pub fn off() -> Self {
        Self { retries: 0, breaker: None, max_in_flight: usize::MAX, ..Self::default() }
    }

    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.first_pause, self.longest_pause)
    }
}

impl Default for Resilience {
    fn default() -> Self {
        Self {
            deadlines: None,
            retries: 1,
            first_pause: Duration::from_millis(4),
            longest_pause: Duration::from_millis(50),
            breaker: Some(Breaker::default()),
            max_in_flight: 1_024,
        }
    }
}
