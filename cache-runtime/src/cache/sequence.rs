//! The book that a node keeps of one partition's sequence: how far it has heard, and what it is waiting for.

use std::collections::BTreeSet;

/// A stamp as this node orders it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Mark(pub(super) u64);

const SEQ_BITS: u32 = 40;

impl Mark {
    /// Above every other.
    pub(super) const AFTER_ALL: Self = Self(u64::MAX);

    pub(super) fn new(ordinal: u64, seq: u64) -> Self {
        Self((ordinal << SEQ_BITS) | (seq & ((1 << SEQ_BITS) - 1)))
    }

    /// Whether a seq can be told from those after it. A partition takes 127 days to get there at 100,000 steps a second.
    pub(super) fn can_be(seq: u64) -> bool {
        seq >> SEQ_BITS == 0
    }

    pub(crate) fn raw(self) -> u64 {
        self.0
    }

    pub(crate) fn seq(self) -> u64 {
        self.0 & ((1 << SEQ_BITS) - 1)
    }

    #[inline]
    pub(super) fn ordinal(self) -> u64 {
        self.0 >> SEQ_BITS
    }
}

#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) epoch: u64,
    pub(super) ordinal: u64,
    /// The highest seq up to which everything was heard of.
    pub(super) applied: u64,
    /// Own bumps that were answered before those below them.
    pub(super) ahead: BTreeSet<u64>,
    pub(super) own_under_way: usize,
    /// Whether messages are heard, so that what was not applied yet is about to come.
    pub(super) is_listening: bool,
    /// The oldest answer that is ahead of what was heard: when that has come, it renews the lease.
    pub(super) awaited: Option<Awaited>,
    pub(super) departures: u64,
    /// Answers to requests up to here do not bring another epoch.
    pub(super) taken_over_at: u64,
    /// Answers to requests up to here bring nothing.
    pub(super) forgotten_at: u64,
    /// Answers to requests up to here renew no lease: something was heard since that could not be told what it ends.
    pub(super) doubted_at: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Awaited {
    pub(super) seq: u64,
    pub(super) departure: Departure,
}

/// When a request left: nothing it brings back is newer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departure {
    pub(super) number: u64,
    pub(super) sent_ms: u64,
    /// What had been applied by then: no answer from the same history can be behind it.
    pub(super) applied: u64,
}

impl Sequence {
    pub(super) fn new(ordinal: u64) -> Self {
        Self {
            epoch: 0,
            ordinal,
            applied: 0,
            ahead: BTreeSet::new(),
            own_under_way: 0,
            is_listening: false,
            awaited: None,
            departures: 0,
            taken_over_at: 0,
            forgotten_at: 0,
            doubted_at: 0,
        }
    }

    /// Takes a seq in its turn, or keeps it until that comes.
    pub(super) fn take(&mut self, seq: u64) {
        // Most often it is the next, and nothing is ahead of its turn.
        if seq == self.applied + 1 {
            self.applied = seq;
        } else if seq > self.applied {
            self.ahead.insert(seq);
        }
        self.join_up();
    }

    /// Takes what was answered ahead of its turn, as far as nothing is missing before it.
    pub(super) fn join_up(&mut self) {
        while self.ahead.first().is_some_and(|&seq| seq <= self.applied + 1) {
            self.applied = self.applied.max(self.ahead.pop_first().unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seq_is_taken_in_its_turn_and_kept_until_then() {
        let mut sequence = Sequence::new(1);
        for (seq, applied, ahead) in [(1, 1, 0), (3, 1, 1), (4, 1, 2), (1, 1, 2), (2, 4, 0), (3, 4, 0), (5, 5, 0)] {
            sequence.take(seq);
            assert_eq!((sequence.applied, sequence.ahead.len()), (applied, ahead), "after {seq}");
        }
    }
}
