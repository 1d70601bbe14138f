//! Until when an entry is good for what: fresh in memory, fresh at all, stale while it is loaded anew, stale if that fails.

use super::request::Request;
use crate::clock::whole_ms;
use crate::early;
use crate::policy::Policy;
use crate::stamp::random_name;
use std::sync::Arc;
use std::time::Duration;

/// How eagerly an early load is drawn for, if a policy does not say.
const BETA: f64 = 1.0;

/// Until when an entry in memory is good for what, by this node's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Lives {
    /// Fresh, as far as memory may say so.
    pub(crate) fresh_until_ms: u64,
    /// Fresh at all: its TTL.
    pub(crate) ttl_until_ms: u64,
    /// Served at once although it is past its TTL.
    pub(crate) revalidate_until_ms: u64,
    /// Served if the load fails.
    pub(crate) stand_in_until_ms: u64,
    /// From when on it is worth drawing whether to load it anew early.
    pub(crate) early_from_ms: u64,
    /// How eagerly that is drawn.
    pub(crate) beta: f64,
    /// From when on a reader has it loaded anew whatever the draw, since nobody did it ahead of him.
    pub(crate) due_from_ms: u64,
}

impl Lives {
    /// One life, without anything before or behind its end.
    pub(crate) fn only_until(until_ms: u64) -> Self {
        let never = u64::MAX;
        let fresh = Self { fresh_until_ms: until_ms, ttl_until_ms: until_ms, ..Self::default() };
        Self { early_from_ms: never, due_from_ms: never, ..fresh }
    }

    /// What follows from what a load costs, and from when on something has to be drawn, where a policy says nothing more.
    pub(crate) fn plain_sure_until(sure_until_ms: u64, load_cost_ms: u32) -> Self {
        let ttl_until_ms = sure_until_ms.saturating_add(early::longest_ms(u64::from(load_cost_ms), BETA));
        Self { early_from_ms: sure_until_ms, beta: BETA, ..Self::only_until(ttl_until_ms) }
    }

    /// Until when it is fresh and nothing has to be drawn.
    pub(crate) fn sure_until_ms(&self) -> u64 {
        self.fresh_until_ms.min(self.early_from_ms).min(self.due_from_ms)
    }

    pub(crate) fn end_ms(&self) -> u64 {
        self.fresh_until_ms.max(self.revalidate_until_ms).max(self.stand_in_until_ms)
    }

    /// Whether it is past its TTL and is served all the same while it is loaded anew.
    pub(crate) fn is_to_be_revalidated(&self, now_ms: u64) -> bool {
        self.ttl_until_ms <= now_ms && now_ms < self.revalidate_until_ms
    }
}

impl Request {
    /// The request of a value whose life follows from itself.
    pub(super) fn living(&self, life: Duration) -> Self {
        let policy = Policy { ttl: Some(life), ..(*self.policy).clone() };
        Self { policy: Arc::new(policy), ..self.clone() }
    }

    /// The same of an absence, if absences are remembered at all.
    pub(super) fn living_absent(&self, life: Duration) -> Self {
        let policy = Policy { none_ttl: self.policy.none_ttl.map(|_| life), ..(*self.policy).clone() };
        Self { policy: Arc::new(policy), ..self.clone() }
    }

    /// How long a value, or the absence of one, is fresh by the policy.
    pub(super) fn life_ms(&self, absent: bool) -> u64 {
        let life = if absent { self.policy.none_ttl } else { self.policy.ttl };
        life.map_or(0, whole_ms)
    }

    /// The longest that an entry is kept, stale windows included.
    pub(super) fn longest_life_ms(&self) -> u64 {
        self.life_ms(false).max(self.life_ms(true)).saturating_add(self.stale_ms())
    }

    /// How long the store keeps an entry of this life.
    pub(super) fn kept_ms(&self, life_ms: u64) -> u64 {
        life_ms.saturating_add(self.stale_ms())
    }

    /// For how long after its TTL an entry is kept.
    pub(super) fn stale_ms(&self) -> u64 {
        ms(self.policy.stale_while_revalidate).max(ms(self.policy.stale_if_error))
    }

    /// Whether a load took long enough for its value to be kept.
    pub(super) fn is_worth_keeping(&self, load_cost_ms: u32) -> bool {
        ms(self.policy.min_load) <= u64::from(load_cost_ms)
    }

    /// The life of an entry that is about to be kept: drawn once, for every tier and node.
    pub(super) fn drawn_life_ms(&self, absent: bool) -> u64 {
        shortened(self.life_ms(absent), self.policy.jitter.unwrap_or(0.0), random_ratio())
    }

    /// The life of an entry that was found: this reader may have been told of a shorter one than the one who stored it.
    /// One that follows from the value is the same for every reader.
    pub(super) fn found_life_ms(&self, absent: bool, stored_ms: u64) -> u64 {
        match self.lives_by_value && !absent {
            true => stored_ms,
            false => stored_ms.min(self.life_ms(absent)),
        }
    }

    /// The lives in memory of an entry that has so much left.
    pub(super) fn lives(&self, now_ms: u64, left: Left, load_cost_ms: u32) -> Lives {
        let policy = &self.policy;
        let ttl_until_ms = now_ms.saturating_add(left.fresh_ms).saturating_sub(left.late_ms);
        let in_memory_ms = policy.l1_ttl.map_or(u64::MAX, whole_ms);
        let fresh_until_ms = ttl_until_ms.min(now_ms.saturating_add(in_memory_ms));
        let window =
            |window: Option<Duration>| window.map_or(0, |window| ttl_until_ms.saturating_add(whole_ms(window)));
        let beta = policy.early.unwrap_or(BETA);
        let early_ms = early::longest_ms(u64::from(load_cost_ms), beta);
        // Where it is loaded ahead of its readers, that has not happened for two periods.
        let due_ms = policy.refresh_every.map_or(u64::MAX, |every| whole_ms(every).saturating_mul(2));
        Lives {
            fresh_until_ms,
            ttl_until_ms,
            revalidate_until_ms: window(policy.stale_while_revalidate),
            stand_in_until_ms: window(policy.stale_if_error),
            early_from_ms: ttl_until_ms.saturating_sub(early_ms),
            beta,
            due_from_ms: now_ms.saturating_add(due_ms),
        }
    }
}

/// How much of its life an entry has left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Left {
    pub(super) fresh_ms: u64,
    /// How long it has been past its TTL.
    pub(super) late_ms: u64,
}

fn ms(duration: Option<Duration>) -> u64 {
    duration.map_or(0, whole_ms)
}

/// A life without up to `jitter` of it; a life at all if it was one.
fn shortened(life_ms: u64, jitter: f64, draw: f64) -> u64 {
    let cut_ms = (life_ms as f64 * jitter.clamp(0.0, 1.0) * draw) as u64;
    life_ms.saturating_sub(cut_ms).max(life_ms.min(1))
}

/// Uniform in [0, 1).
pub(super) fn random_ratio() -> f64 {
    (random_name() >> 11) as f64 / (1_u64 << 53) as f64
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
        (0..10_000).for_each(|_| tenths[(random_ratio() * 10.0) as usize] += 1);
        // Of 1,000 each, with a standard deviation of 30.
        assert!(tenths.iter().all(|count| (700..1_300).contains(count)), "{tenths:?}");
    }
}
