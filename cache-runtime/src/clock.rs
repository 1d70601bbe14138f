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
    System {
        started: Instant,
        #[cfg(target_os = "linux")]
        coarse: coarse::Coarse,
    },
    Manual {
        elapsed_ms: Arc<watch::Sender<u64>>,
    },
}

/// Where a manual clock stands at first: 2023-11-14T22:13:20Z.
const MANUAL_START_MS: u64 = 1_700_000_000_000;

impl Clock {
    /// The machine's clocks.
    pub fn system() -> Self {
        Self(Source::System {
            started: Instant::now(),
            #[cfg(target_os = "linux")]
            coarse: coarse::Coarse::new(),
        })
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
            Source::System { started, .. } => whole_ms(started.elapsed()) + 1,
            Source::Manual { elapsed_ms } => *elapsed_ms.borrow(),
        }
    }

    /// How long it has run, as exactly as it knows.
    pub(crate) fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System { started, .. } => started.elapsed(),
            Source::Manual { .. } => Duration::from_millis(self.now_ms()),
        }
    }

    /// What [`now_ms`](Self::now_ms) was when [`elapsed`](Self::elapsed) of this clock was so much; of a manual one, which
    /// nothing else can tell the time of, what it is.
    pub(crate) fn ms_at(&self, elapsed: Duration) -> u64 {
        match &self.0 {
            Source::System { .. } => whole_ms(elapsed) + 1,
            Source::Manual { .. } => self.now_ms(),
        }
    }

    /// This clock if it is the system's, or else that: what is of real time goes by it.
    pub(crate) fn or_system(&self) -> Self {
        match &self.0 {
            Source::System { .. } => self.clone(),
            Source::Manual { .. } => Self::system(),
        }
    }

    /// As [`now_ms`](Self::now_ms), and up to 121 ms ahead of it: read without asking the processor for its time, which costs
    /// as much as a look-up in memory. Elsewhere than on Linux, the same.
    ///
    /// Who finds by it that a moment is past asks the exact clock then; so being ahead costs a little time and changes no
    /// answer, and being behind would change answers.
    #[inline]
    pub(crate) fn coarse_ms(&self) -> u64 {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Source::System { coarse, .. } => coarse.now_ms(),
            #[cfg(not(target_os = "linux"))]
            Source::System { .. } => self.now_ms(),
            Source::Manual { .. } => self.now_ms(),
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

/// The monotonic clock as of the kernel's last tick.
#[cfg(target_os = "linux")]
mod coarse {
    use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

    /// How late a tick may be. They come late where a virtual processor waits for its turn; 8 ms were seen on a machine
    /// with six times as much to do as it could.
    const LATE_MS: i64 = 100;

    #[derive(Clone, Copy, Debug)]
    pub(super) struct Coarse {
        /// What the clock showed when this one was set to one, less what it may be behind.
        zero_ms: i64,
    }

    impl Coarse {
        pub(super) fn new() -> Self {
            let started_ms = ms(clock_gettime(ClockId::Monotonic));
            // Rounded up, as what both clocks show is rounded down.
            let tick_ms = ms(clock_getres(ClockId::MonotonicCoarse)) + 1;
            Self { zero_ms: started_ms - 1 - tick_ms - LATE_MS }
        }

        #[inline]
        pub(super) fn now_ms(self) -> u64 {
            (ms(clock_gettime(ClockId::MonotonicCoarse)) - self.zero_ms).unsigned_abs()
        }
    }

    #[inline]
    fn ms(time: Timespec) -> i64 {
        // Without a sign it takes a division less than half of what it takes with one.
        time.tv_sec * 1_000 + (time.tv_nsec as u64 / 1_000_000) as i64
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarse_clock_is_never_behind_and_soon_overtaken() {
        let clock = Clock::system();
        for _ in 0..100_000 {
            let before_ms = clock.now_ms();
            let coarse_ms = clock.coarse_ms();
            assert!(before_ms <= coarse_ms, "{before_ms} {coarse_ms}");
            assert!(coarse_ms <= clock.now_ms() + 121, "{coarse_ms} {}", clock.now_ms());
        }
    }

    #[test]
    fn a_manual_clock_has_no_ticks() {
        let clock = Clock::manual();
        assert_eq!(clock.coarse_ms(), clock.now_ms());
    }
}
