//! The only place that reads the time.
//!
//! Two clocks in one: a monotonic one that decides every life, and the wall clock, which only dates the entries of a
//! store so that another process knows how much of their life is left.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Where the time comes from; cheap to clone.
///
/// ```
/// use cache_runtime::Clock;
/// use std::time::Duration;
///
/// let clock = Clock::manual();
/// let before = clock.now_ms();
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.now_ms() - before, 5_000);
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { started: Instant },
    Manual { elapsed_ms: Arc<watch::Sender<u64>> },
}

/// Where a manual clock stands at first: 2023-11-14T22:13:20Z.
const MANUAL_START_MS: u64 = 1_700_000_000_000;

impl Clock {
    /// The machine's clocks.
    pub fn system() -> Self {
        Self(Source::System { started: Instant::now() })
    }

    /// A clock that stands still until [`advance`](Self::advance) moves it; clones move together.
    pub fn manual() -> Self {
        Self(Source::Manual { elapsed_ms: Arc::new(watch::Sender::new(1)) })
    }

    /// Moves a manual clock on, by whole milliseconds.
    ///
    /// # Panics
    /// If this is the system's clock, which nobody moves.
    pub fn advance(&self, by: Duration) {
        match &self.0 {
            Source::Manual { elapsed_ms } => {
                elapsed_ms.send_modify(|elapsed_ms| *elapsed_ms += whole_ms(by));
            }
            Source::System { .. } => {
                panic!("the system clock cannot be advanced; build the cache with `Clock::manual()`")
            }
        }
    }

    /// Milliseconds since some moment before the first call; never goes back, whatever the wall clock does.
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::System { started } => whole_ms(started.elapsed()) + 1,
            Source::Manual { elapsed_ms } => *elapsed_ms.borrow(),
        }
    }

    /// Waits; a manual clock, until it has been advanced by so much.
    pub(crate) async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Source::System { .. } => tokio::time::sleep(duration).await,
            Source::Manual { elapsed_ms } => {
                let until_ms = self.now_ms().saturating_add(whole_ms(duration));
                let mut elapsed = elapsed_ms.subscribe();
                // The sender lives as long as this clock.
                let _reached = elapsed.wait_for(|now_ms| *now_ms >= until_ms).await;
            }
        }
    }

    /// Milliseconds since 1970 by the wall clock, which may jump.
    pub fn wall_ms(&self) -> u64 {
        match &self.0 {
            Source::System { .. } => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, whole_ms),
            Source::Manual { .. } => MANUAL_START_MS + self.now_ms(),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

/// A duration in whole milliseconds; what does not fit is as long as can be.
pub(crate) fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
