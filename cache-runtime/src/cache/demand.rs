//! How new an answer has to be, and as of when one is known to hold.

use super::Cache;
use super::request::Request;
use super::slot::Slot;
use crate::call::demanded;
use crate::clock::whole_ms;
use crate::policy::{Consistency, Policy};
use crate::stamp::{Partition, Stamp};
use crate::token::Token;
use std::sync::atomic::Ordering;

/// A moment at which a call arrived, a question was sent or a load began.
///
/// The clock tells how long ago that was, the tick which of two came first: a millisecond is long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    ms: u64,
    tick: u64,
}

impl Moment {
    /// When that was, by the node's clock.
    pub(super) fn ms(self) -> u64 {
        self.ms
    }

    /// Without a store nobody else writes: what is known holds whenever it is asked for.
    const ALWAYS: Self = Self { ms: u64::MAX, tick: u64::MAX };
}

/// How new an answer has to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    /// Known to hold at a moment after the call's arrival.
    is_strong: bool,
    /// Known to hold at most so long before it.
    within_ms: u64,
    /// Whether what was only missed, and cannot be told from what was invalidated, counts as known.
    pub(super) heeds_floor: bool,
    /// Whether nothing that was invalidated may be shown, not even if it cannot be loaded.
    pub(super) is_strict: bool,
}

impl Demand {
    /// What a policy and the running task ask for.
    pub(super) fn of(cache: &Cache, policy: &Policy) -> Self {
        let is_strong = policy.consistency == Some(Consistency::Strong);
        let within_ms = cache.shared.settings.lease_ms;
        let least = Self { is_strong, within_ms, heeds_floor: false, is_strict: is_strong };
        let Some(call) = demanded() else { return least };
        let tokens_applied = call.after.iter().all(|token| cache.has_applied(token));
        Self {
            is_strong: is_strong || call.is_strong || !tokens_applied,
            within_ms: call.max_stale.map_or(within_ms, |max_stale| whole_ms(max_stale).min(within_ms)),
            heeds_floor: !call.after.is_empty(),
            is_strict: is_strong || call.demands_news(),
        }
    }

    /// Whether a call that arrived at one moment may have what is known to hold at another.
    pub(super) fn admits(self, arrived: Moment, known: Moment) -> bool {
        match self.is_strong {
            true => known.tick > arrived.tick,
            false => arrived.ms < known.ms.saturating_add(self.within_ms),
        }
    }
}

impl Cache {
    /// Whether this node has taken account of everything up to what a token stands for.
    pub(crate) fn has_applied(&self, token: &Token) -> bool {
        let has_applied = |(partition, stamp): &(Partition, Stamp)| {
            self.space.partitions.get(usize::from(partition.0)).is_some_and(|known| known.has_applied(*stamp))
        };
        token.steps().iter().all(has_applied)
    }

    /// This moment. Each is later than those before it.
    pub(super) fn moment(&self) -> Moment {
        let tick = self.tick();
        Moment { ms: self.now_ms(), tick }
    }

    /// The same, of a time that was read just now.
    pub(super) fn moment_at(&self, ms: u64) -> Moment {
        Moment { ms, tick: self.tick() }
    }

    fn tick(&self) -> u64 {
        self.shared.ticks.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether a function wants the store to be asked on every call of it.
    pub(super) fn asks_always(&self, request: &Request) -> bool {
        self.shared.store.is_some() && request.policy.consistency == Some(Consistency::Strong)
    }

    /// As of when something is known that was found out, or begun, at a moment.
    pub(super) fn known_as_of(&self, moment: Moment) -> Moment {
        if self.shared.store.is_some() { moment } else { Moment::ALWAYS }
    }

    /// As of when an entry in memory is known to hold, if its standing is found to be valid after this was asked.
    pub(super) fn holds_as_of(&self, slot: &Slot) -> Moment {
        match slot.lease_until_ms() {
            u64::MAX => Moment::ALWAYS,
            lease_until_ms => Moment { ms: lease_until_ms.saturating_sub(self.shared.settings.lease_ms), tick: 0 },
        }
    }
}
