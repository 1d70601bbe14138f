//! What this node knows of a partition of the store, and until when that may be relied on.
//!
//! Section 5 of `docs/protocol.md`. Marks order moments as this node saw them: a mark is the number of the epoch, counted
//! by this node, above the seq in it. So marks of an epoch taken over later are always larger, and one comparison tells
//! whether a cell has passed a stamp, whatever the epochs were.

use crate::stamp::{Partition, Stamp};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A stamp as this node orders it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Mark(u64);

const SEQ_BITS: u32 = 40;

impl Mark {
    fn new(ordinal: u64, seq: u64) -> Self {
        Self((ordinal << SEQ_BITS) | (seq & ((1 << SEQ_BITS) - 1)))
    }

    pub(crate) fn raw(self) -> u64 {
        self.0
    }

    pub(crate) fn seq(self) -> u64 {
        self.0 & ((1 << SEQ_BITS) - 1)
    }

    fn ordinal(self) -> u64 {
        self.0 >> SEQ_BITS
    }
}

/// One partition as this node knows it.
#[derive(Debug)]
pub(crate) struct Knowledge {
    partition: Partition,
    lease_until_ms: AtomicU64,
    ordinal: AtomicU64,
    floor: AtomicU64,
    sequence: Mutex<Sequence>,
}

#[derive(Debug)]
struct Sequence {
    epoch: u64,
    ordinal: u64,
    /// The highest seq up to which everything was heard of.
    applied: u64,
    /// Own bumps that were answered before those below them.
    ahead: BTreeSet<u64>,
    own_under_way: usize,
    departures: u64,
    /// Answers to requests up to here do not bring another epoch.
    taken_over_at: u64,
    /// Answers to requests up to here bring nothing.
    forgotten_at: u64,
}

/// When a request left: nothing it brings back is newer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departure {
    number: u64,
    sent_ms: u64,
}

/// How far an entry can be trusted by what is known here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trust {
    /// Nothing that would invalidate it can have been missed.
    Sure,
    /// Something may have been missed: the store knows.
    Doubtful,
    /// It belongs to a history that is over.
    Lost,
}

impl Knowledge {
    /// Of a partition in a store, of which nothing is known yet.
    pub(crate) fn new(partition: Partition) -> Self {
        Self::of(partition, 0, 0)
    }

    /// Without a store: this process is all there is, and it misses nothing.
    pub(crate) fn local() -> Self {
        Self::of(Partition(0), 1, u64::MAX)
    }

    fn of(partition: Partition, ordinal: u64, lease_until_ms: u64) -> Self {
        let sequence = Sequence {
            epoch: 0,
            ordinal,
            applied: 0,
            ahead: BTreeSet::new(),
            own_under_way: 0,
            departures: 0,
            taken_over_at: 0,
            forgotten_at: 0,
        };
        Self {
            partition,
            lease_until_ms: AtomicU64::new(lease_until_ms),
            ordinal: AtomicU64::new(ordinal),
            floor: AtomicU64::new(0),
            sequence: Mutex::new(sequence),
        }
    }

    pub(crate) fn partition(&self) -> Partition {
        self.partition
    }

    /// Until when what is known here may be relied on.
    pub(crate) fn lease_until_ms(&self) -> u64 {
        self.lease_until_ms.load(Ordering::Acquire)
    }

    /// How far something marked so can be trusted now. Cells must be read after this.
    pub(crate) fn trust(&self, mark: Mark, now_ms: u64) -> Trust {
        // The lease first: whatever was learned before it was renewed is then seen below, and in the cells.
        let lease_until_ms = self.lease_until_ms();
        if mark.ordinal() != self.ordinal.load(Ordering::Acquire) {
            return Trust::Lost;
        }
        if lease_until_ms <= now_ms || mark.0 < self.floor.load(Ordering::Acquire) {
            return Trust::Doubtful;
        }
        Trust::Sure
    }

    /// This moment, as far as this node knows.
    pub(crate) fn now(&self) -> Mark {
        let sequence = self.lock();
        Mark::new(sequence.ordinal, sequence.applied)
    }

    /// The first moment of the epoch that is known.
    pub(crate) fn epoch_start(&self) -> Mark {
        Mark::new(self.ordinal.load(Ordering::Acquire), 0)
    }

    /// The stamp behind a mark, unless its epoch is over.
    pub(crate) fn stamp(&self, mark: Mark) -> Option<Stamp> {
        let sequence = self.lock();
        (mark.ordinal() == sequence.ordinal).then(|| Stamp { epoch: sequence.epoch, seq: mark.seq() })
    }

    /// Notes that a request is sent.
    pub(crate) fn depart(&self, now_ms: u64) -> Departure {
        let mut sequence = self.lock();
        sequence.departures += 1;
        Departure { number: sequence.departures, sent_ms: now_ms }
    }

    /// The mark of a stamp that an answer carried; none if the answer is older than the epoch that is known.
    pub(crate) fn mark(&self, stamp: Stamp, departure: Departure) -> Option<Mark> {
        let mut sequence = self.lock();
        if departure.number <= sequence.forgotten_at {
            return None;
        }
        if stamp.epoch != sequence.epoch || sequence.ordinal == 0 {
            if departure.number <= sequence.taken_over_at {
                return None;
            }
            self.take_over(&mut sequence, stamp);
        }
        Some(Mark::new(sequence.ordinal, stamp.seq))
    }

    /// Learns how far the partition had come when a request was sent, which renews the lease.
    ///
    /// What was bumped without this node hearing of it raises the floor. While an own bump is under way, its seq may be
    /// seen here before its answer is; then nothing is learned, and the lease stays as it was.
    pub(crate) fn observe(&self, stamp: Stamp, departure: Departure, lease_ms: u64) -> Option<Mark> {
        let mark = self.mark(stamp, departure)?;
        let mut sequence = self.lock();
        if mark.ordinal() != sequence.ordinal {
            return None;
        }
        if stamp.seq > sequence.applied {
            if sequence.own_under_way > 0 {
                return Some(mark);
            }
            self.catch_up(&mut sequence, stamp.seq);
        }
        self.renew(departure, lease_ms);
        Some(mark)
    }

    /// Notes that a bump is sent. Ends with [`bumped`](Self::bumped) or [`bump_lost`](Self::bump_lost).
    pub(crate) fn depart_bump(&self, now_ms: u64) -> Departure {
        self.lock().own_under_way += 1;
        self.depart(now_ms)
    }

    /// Learns that an own bump is done. Its cells must have been raised before.
    pub(crate) fn bumped(&self, stamp: Stamp, departure: Departure, lease_ms: u64) {
        let mut sequence = self.lock();
        sequence.own_under_way = sequence.own_under_way.saturating_sub(1);
        if stamp.epoch != sequence.epoch {
            return;
        }
        sequence.ahead.insert(stamp.seq);
        sequence.join_up();
        if sequence.own_under_way == 0
            && let Some(&last) = sequence.ahead.last()
        {
            self.catch_up(&mut sequence, last);
        }
        if sequence.applied >= stamp.seq {
            self.renew(departure, lease_ms);
        }
    }

    /// Learns that it will never be known whether an own bump was done, or what it means: all that is known here is
    /// forgotten, and what was asked before it is not believed.
    pub(crate) fn bump_lost(&self) {
        let mut sequence = self.lock();
        sequence.own_under_way = sequence.own_under_way.saturating_sub(1);
        sequence.forgotten_at = sequence.departures;
        self.forget(&mut sequence);
    }

    /// Without a store: takes the next step and returns its mark.
    pub(crate) fn step(&self) -> Mark {
        let mut sequence = self.lock();
        sequence.applied += 1;
        Mark::new(sequence.ordinal, sequence.applied)
    }

    /// Without a store: begins a new epoch.
    pub(crate) fn restart(&self) {
        let mut sequence = self.lock();
        sequence.ordinal += 1;
        sequence.applied = 0;
        self.ordinal.store(sequence.ordinal, Ordering::Release);
    }

    fn take_over(&self, sequence: &mut Sequence, stamp: Stamp) {
        sequence.epoch = stamp.epoch;
        sequence.applied = stamp.seq;
        self.forget(sequence);
    }

    fn forget(&self, sequence: &mut Sequence) {
        self.lease_until_ms.store(0, Ordering::Release);
        sequence.ordinal += 1;
        sequence.ahead.clear();
        sequence.taken_over_at = sequence.departures;
        self.floor.store(Mark::new(sequence.ordinal, sequence.applied).0, Ordering::Release);
        self.ordinal.store(sequence.ordinal, Ordering::Release);
    }

    fn catch_up(&self, sequence: &mut Sequence, seq: u64) {
        sequence.applied = seq;
        sequence.ahead.clear();
        self.floor.fetch_max(Mark::new(sequence.ordinal, seq).0, Ordering::AcqRel);
    }

    fn renew(&self, departure: Departure, lease_ms: u64) {
        self.lease_until_ms.fetch_max(departure.sent_ms.saturating_add(lease_ms), Ordering::AcqRel);
    }

    fn lock(&self) -> MutexGuard<'_, Sequence> {
        self.sequence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sequence {
    fn join_up(&mut self) {
        while self.ahead.first().is_some_and(|&seq| seq <= self.applied + 1) {
            self.applied = self.applied.max(self.ahead.pop_first().unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELTA_MS: u64 = 1_000;

    fn at(seq: u64) -> Stamp {
        Stamp { epoch: 7, seq }
    }

    fn known(seq: u64) -> Knowledge {
        let knowledge = Knowledge::new(Partition(0));
        let departure = knowledge.depart(0);
        knowledge.observe(at(seq), departure, DELTA_MS);
        knowledge
    }

    #[test]
    fn an_entry_is_sure_until_the_lease_ends() {
        let knowledge = known(3);
        let mark = knowledge.now();
        assert_eq!(knowledge.trust(mark, 999), Trust::Sure);
        assert_eq!(knowledge.trust(mark, 1_000), Trust::Doubtful);
    }

    #[test]
    fn the_lease_counts_from_the_request() {
        let knowledge = known(3);
        let departure = knowledge.depart(500);
        knowledge.observe(at(3), departure, DELTA_MS);
        assert_eq!(knowledge.trust(knowledge.now(), 1_499), Trust::Sure);
        assert_eq!(knowledge.trust(knowledge.now(), 1_500), Trust::Doubtful);
    }

    #[test]
    fn a_bump_nobody_told_of_raises_the_floor() {
        let knowledge = known(3);
        let old = knowledge.now();
        let departure = knowledge.depart(1);
        knowledge.observe(at(4), departure, DELTA_MS);
        assert_eq!(knowledge.trust(old, 2), Trust::Doubtful);
        assert_eq!(knowledge.trust(knowledge.now(), 2), Trust::Sure);
    }

    #[test]
    fn own_bumps_leave_other_entries_sure_in_whatever_order_they_are_answered() {
        let knowledge = known(3);
        let old = knowledge.now();
        let (first, second) = (knowledge.depart_bump(1), knowledge.depart_bump(1));
        let read = knowledge.depart(1);
        knowledge.bumped(at(5), second, DELTA_MS);
        knowledge.observe(at(5), read, DELTA_MS);
        knowledge.bumped(at(4), first, DELTA_MS);
        assert_eq!(knowledge.trust(old, 2), Trust::Sure);
        assert_eq!(knowledge.now().seq(), 5);
    }

    #[test]
    fn a_bump_of_another_between_own_ones_is_noticed() {
        let knowledge = known(3);
        let old = knowledge.now();
        let departure = knowledge.depart_bump(1);
        knowledge.bumped(at(5), departure, DELTA_MS);
        assert_eq!(knowledge.trust(old, 2), Trust::Doubtful);
    }

    #[test]
    fn another_epoch_ends_all_that_was_known() {
        let knowledge = known(900);
        let old = knowledge.now();
        let departure = knowledge.depart(1);
        let mark = knowledge.observe(Stamp { epoch: 8, seq: 0 }, departure, DELTA_MS).expect("a newer answer");
        assert!(mark > old, "marks of the new epoch are larger, though its seq is smaller");
        assert_eq!(knowledge.trust(old, 2), Trust::Lost);
        assert_eq!(knowledge.trust(mark, 2), Trust::Sure);
    }

    #[test]
    fn a_late_answer_does_not_bring_an_old_epoch_back() {
        let knowledge = known(3);
        let (early, late) = (knowledge.depart(1), knowledge.depart(1));
        knowledge.observe(Stamp { epoch: 8, seq: 0 }, late, DELTA_MS);
        assert_eq!(knowledge.observe(at(3), early, DELTA_MS), None);
    }

    #[test]
    fn a_bump_without_an_answer_ends_all_that_was_known() {
        let knowledge = known(3);
        let old = knowledge.now();
        let read = knowledge.depart(1);
        knowledge.depart_bump(1);
        knowledge.bump_lost();
        assert_eq!(knowledge.trust(old, 2), Trust::Lost);
        assert_eq!(knowledge.observe(at(3), read, DELTA_MS), None, "it may have read what the bump ended");
    }
}
