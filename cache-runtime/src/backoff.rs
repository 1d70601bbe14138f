//! How long to wait before trying again: twice as long each time, and not everybody at the same moment.
//!
//! Equal jitter: Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.

use crate::stamp::random_name;
use std::time::Duration;

/// The pauses between attempts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Begins with `first`, doubles, and stays at `longest`.
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// The next pause: a random one between half of what it has come to and all of it.
    pub(crate) fn pause(&mut self) -> Duration {
        let whole = self.next.min(self.longest);
        self.next = whole.saturating_mul(2);
        let half = whole / 2;
        half + half.mul_f64(fraction(random_name()))
    }

    /// The attempt succeeded: the next pause is a first one.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

/// A number from 0 to 1, from 53 random bits.
fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / ((1_u64 << 53) - 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let (first, longest) = (Duration::from_millis(10), Duration::from_millis(50));
        let mut backoff = Backoff::new(first, longest);
        for whole_ms in [10, 20, 40, 50, 50] {
            let (pause, whole) = (backoff.pause(), Duration::from_millis(whole_ms));
            assert!((whole / 2..=whole).contains(&pause), "{pause:?} of {whole:?}");
        }
        backoff.reset();
        assert!(backoff.pause() <= first);
    }

    #[test]
    fn two_do_not_pause_alike() {
        let pauses: std::collections::HashSet<_> =
            (0..100).map(|_| Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).pause()).collect();
        assert!(pauses.len() > 90, "{}", pauses.len());
    }
}
