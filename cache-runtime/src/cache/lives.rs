//! What life an entry gets, and how much of it in memory.

use super::request::Request;
use crate::clock::whole_ms;
use crate::policy::Policy;
use crate::stamp::random_name;
use std::sync::Arc;
use std::time::Duration;

impl Request {
    /// The request of a value whose life follows from itself.
    pub(super) fn living(&self, life: Duration) -> Self {
        let policy = Policy { ttl: Some(life), ..(*self.policy).clone() };
        Self { policy: Arc::new(policy), ..self.clone() }
    }

    /// How long a value, or the absence of one, is kept by the policy.
    pub(super) fn life_ms(&self, absent: bool) -> u64 {
        let life = if absent { self.policy.none_ttl } else { self.policy.ttl };
        life.map_or(0, whole_ms)
    }

    pub(super) fn longest_life_ms(&self) -> u64 {
        self.life_ms(false).max(self.life_ms(true))
    }

    /// The life of an entry that is about to be kept: drawn once, for every tier and node.
    pub(super) fn drawn_life_ms(&self, absent: bool) -> u64 {
        shortened(self.life_ms(absent), self.policy.jitter.unwrap_or(0.0), draw())
    }

    /// How much of what an entry has left to live memory may keep it.
    pub(super) fn l1_life_ms(&self, left_ms: u64) -> u64 {
        self.policy.l1_ttl.map_or(left_ms, |l1_ttl| left_ms.min(whole_ms(l1_ttl)))
    }

    /// What an entry that was found has left at most: this reader may have been told of a shorter life than the one who
    /// stored it. A life that follows from the value is the same for every reader.
    pub(super) fn left_ms(&self, absent: bool, age_ms: u64) -> u64 {
        match self.lives_by_value && !absent {
            true => u64::MAX,
            false => self.life_ms(absent).saturating_sub(age_ms),
        }
    }

    /// Whether a load took long enough for its value to be kept.
    pub(super) fn is_worth_keeping(&self, load_cost_ms: u64) -> bool {
        self.policy.min_load.is_none_or(|min_load| load_cost_ms >= whole_ms(min_load))
    }
}

/// A life without up to `jitter` of it; a life at all if it was one.
fn shortened(life_ms: u64, jitter: f64, draw: f64) -> u64 {
    let cut_ms = (life_ms as f64 * jitter.clamp(0.0, 1.0) * draw) as u64;
    life_ms.saturating_sub(cut_ms).max(life_ms.min(1))
}

/// Uniform in [0, 1).
fn draw() -> f64 {
    const DOUBLES_BELOW_ONE: f64 = (1_u64 << 53) as f64;
    (random_name() >> 11) as f64 / DOUBLES_BELOW_ONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_shortened_by_at_most_the_jitter() {
        assert_eq!(shortened(1_000, 0.2, 0.0), 1_000);
        assert_eq!(shortened(1_000, 0.2, 0.5), 900);
        assert_eq!(shortened(1_000, 0.2, 0.999_999), 801);
        assert_eq!(shortened(u64::MAX, 0.0, 0.5), u64::MAX);
    }

    #[test]
    fn a_life_stays_one_and_none_stays_none_whatever_the_jitter_is() {
        assert_eq!(shortened(1, 0.999, 0.999), 1);
        assert_eq!((shortened(0, 0.5, 0.5), shortened(10, 7.0, 0.999_999)), (0, 1));
        assert_eq!((shortened(10, f64::NAN, 0.5), shortened(10, -1.0, 0.5)), (10, 10));
    }

    #[test]
    fn draws_fill_the_unit_interval() {
        let mut tenths = [0_u32; 10];
        (0..10_000).for_each(|_| tenths[(draw() * 10.0) as usize] += 1);
        // Of 1,000 each, with a standard deviation of 30.
        assert!(tenths.iter().all(|count| (700..1_300).contains(count)), "{tenths:?}");
    }
}
