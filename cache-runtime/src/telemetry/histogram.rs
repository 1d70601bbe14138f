//! How long things took: in buckets whose bounds are fixed, so that those of many nodes can be added up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The bounds of the buckets in microseconds, each about two and a half times the one before; one more has no bound.
const BOUNDS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];

const BUCKETS: usize = BOUNDS_US.len() + 1;

/// Times that were measured, by how long they were.
///
/// The bounds are 1, 2.5 and 5 of each power of ten from 100 µs to 10 s, and none after that: a bucket has what is longer
/// than the bound before and no longer than its own.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// use cache_runtime::{Cache, Clock, cached};
/// use std::time::Duration;
///
/// #[cached(key = "slow:<n>", ttl = 60)]
/// async fn slow(clock: Clock, n: u64) -> u64 {
///     clock.advance(Duration::from_millis(30));
///     n
/// }
///
/// let clock = Clock::manual();
/// let cache = Cache::builder().clock(clock.clone()).build().await?;
/// cache.clone().scope(slow(clock, 1)).await;
/// let took = cache.stats_of("slow").expect("it was called").load_time;
/// assert_eq!((took.count(), took.sum()), (1, Duration::from_millis(30)));
/// assert_eq!(took.quantile(0.99), Some(Duration::from_millis(50)), "the bound of its bucket");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u64; BUCKETS],
    sum_us: u64,
}

impl Histogram {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// How long they were together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_us)
    }

    /// How long they were on average; none if there were none.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        Some(Duration::from_micros(self.sum_us.checked_div(self.count())?))
    }

    /// A bound that a share `q` of them, from 0 to 1, did not exceed: that of a bucket, so up to two and a half times too
    /// long. None if there were none; [`Duration::MAX`] if it was longer than ten seconds.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let count = self.count();
        let wanted = ((count as f64 * q.clamp(0.0, 1.0)).ceil() as u64).clamp(1, count.max(1));
        self.buckets()
            .find(|(_, so_far)| count > 0 && *so_far >= wanted)
            .map(|(bound, _)| bound.unwrap_or(Duration::MAX))
    }

    /// Each bound with how many were no longer than it; none is the bound of the last, which all are within.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = BOUNDS_US.iter().map(|bound| Some(Duration::from_micros(*bound))).chain([None]);
        bounds.zip(self.buckets).scan(0, |so_far, (bound, count)| {
            *so_far += count;
            Some((bound, *so_far))
        })
    }
}

/// A histogram that is being filled: a comparison or four, and two relaxed additions.
#[derive(Debug, Default)]
pub(crate) struct Times {
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

impl Times {
    pub(crate) fn note(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS_US.partition_point(|bound| *bound < took_us);
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(took_us, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Histogram {
        let buckets = std::array::from_fn(|at| self.buckets[at].load(Ordering::Relaxed));
        Histogram { buckets, sum_us: self.sum_us.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times_us: &[u64]) -> Histogram {
        let times = Times::default();
        times_us.iter().for_each(|took| times.note(Duration::from_micros(*took)));
        times.read()
    }

    #[test]
    fn a_time_is_in_the_first_bucket_that_it_does_not_exceed() {
        for (at, bound) in BOUNDS_US.into_iter().enumerate() {
            assert_eq!(of(&[bound]).buckets[at], 1, "{bound}");
            assert_eq!(of(&[bound + 1]).buckets[at + 1], 1, "{bound}");
        }
        assert_eq!(of(&[0]).buckets[0], 1);
    }

    #[test]
    fn buckets_are_shown_with_all_that_went_before() {
        let shown: Vec<u64> = of(&[1, 200, 200, 99_000_000]).buckets().map(|(_, so_far)| so_far).collect();
        assert_eq!(shown[..3], [1, 3, 3]);
        assert_eq!(shown[BUCKETS - 2..], [3, 4]);
    }

    #[test]
    fn a_quantile_is_the_bound_of_its_bucket() {
        assert_eq!(of(&[]).quantile(0.5), None);
        assert_eq!(of(&[]).mean(), None);
        let times = of(&[50, 150, 150, 99_000_000]);
        assert_eq!(times.quantile(0.0), Some(Duration::from_micros(100)));
        assert_eq!(times.quantile(0.75), Some(Duration::from_micros(250)));
        assert_eq!(times.quantile(1.0), Some(Duration::MAX));
    }
}
