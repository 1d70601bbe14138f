//! What this node knows of a partition of the store, and until when that may be relied on.
//!
//! Section 5 of `docs/protocol.md`. Marks order moments as this node saw them: a mark is the number of the epoch, counted
//! by this node, above the seq in it. So marks of an epoch taken over later are always larger, and one comparison tells
//! whether a cell has passed a stamp, whatever the epochs were.

use super::sequence::{Awaited, Departure, Mark, Sequence};
use crate::stamp::{Partition, Stamp};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many own bumps may be ahead of messages that do not come.
const MAX_AHEAD: usize = 1_024;

/// One partition as this node knows it.
#[derive(Debug)]
pub(crate) struct Knowledge {
    partition: Partition,
    lease_until_ms: AtomicU64,
    ordinal: AtomicU64,
    /// The first number of the epoch that is known: that of the node's own forgetting are higher.
    began: AtomicU64,
    floor: AtomicU64,
    /// Whether anybody relied on it since the last heartbeat.
    is_asked: AtomicBool,
    /// How many new epochs this node has accepted and not yet begun.
    owed: AtomicU32,
    /// How often what was known of it was over.
    histories_lost: AtomicU64,
    sequence: Mutex<Sequence>,
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
        Self {
            partition,
            lease_until_ms: AtomicU64::new(lease_until_ms),
            ordinal: AtomicU64::new(ordinal),
            began: AtomicU64::new(ordinal),
            floor: AtomicU64::new(0),
            is_asked: AtomicBool::new(false),
            owed: AtomicU32::new(0),
            histories_lost: AtomicU64::new(0),
            sequence: Mutex::new(Sequence::new(ordinal)),
        }
    }

    pub(crate) fn partition(&self) -> Partition {
        self.partition
    }

    /// Until when what is known here may be relied on.
    #[inline]
    pub(crate) fn lease_until_ms(&self) -> u64 {
        self.lease_until_ms.load(Ordering::Acquire)
    }

    /// How long ago it was known for certain where the partition stood, if that is still relied on.
    pub(crate) fn behind_ms(&self, now_ms: u64, lease_ms: u64) -> u64 {
        match self.lease_until_ms() {
            u64::MAX => 0,
            until_ms if until_ms <= now_ms => 0,
            until_ms => now_ms.saturating_add(lease_ms).saturating_sub(until_ms),
        }
    }

    /// How often another history was found in the place of the one that was known, or the same set back.
    pub(crate) fn histories_lost(&self) -> u64 {
        self.histories_lost.load(Ordering::Relaxed)
    }

    pub(crate) fn is_listening(&self) -> bool {
        self.lock().is_listening
    }

    /// How far something marked so can be trusted now. Cells must be read after this.
    #[inline]
    pub(crate) fn trust(&self, mark: Mark, now_ms: u64) -> Trust {
        // The lease first: whatever was learned before it was renewed is then seen below, and in the cells.
        let lease_until_ms = self.lease_until_ms();
        if mark.ordinal() != self.ordinal.load(Ordering::Acquire) {
            return Trust::Lost;
        }
        if !self.is_asked.load(Ordering::Relaxed) {
            self.is_asked.store(true, Ordering::Relaxed);
        }
        if lease_until_ms <= now_ms || mark.0 < self.floor.load(Ordering::Acquire) || self.is_owed() {
            return Trust::Doubtful;
        }
        Trust::Sure
    }

    /// Whether this node has accepted a new epoch that the store has not begun yet: nobody may answer for this one.
    #[inline]
    pub(crate) fn is_owed(&self) -> bool {
        self.owed.load(Ordering::Acquire) > 0
    }

    pub(super) fn owe(&self) {
        self.owed.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn pay(&self) {
        self.owed.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether the history that a mark belongs to goes on: nothing was cleared or lost since, though this node may have
    /// forgotten what it knew.
    pub(crate) fn goes_on_since(&self, mark: Mark) -> bool {
        mark.ordinal() >= self.began.load(Ordering::Acquire)
    }

    /// This moment, as far as this node knows.
    pub(crate) fn now(&self) -> Mark {
        let sequence = self.lock();
        Mark::new(sequence.ordinal, sequence.applied)
    }

    /// The latest that this node did or heard of, whatever may be missing before it.
    pub(crate) fn latest(&self) -> Mark {
        let sequence = self.lock();
        Mark::new(sequence.ordinal, sequence.applied.max(sequence.ahead.last().copied().unwrap_or(0)))
    }

    /// The first moment of the epoch that is known.
    pub(crate) fn epoch_start(&self) -> Mark {
        Mark::new(self.ordinal.load(Ordering::Acquire), 0)
    }

    /// What is marked lower may have been invalidated by something that was missed.
    pub(crate) fn floor(&self) -> Mark {
        Mark(self.floor.load(Ordering::Acquire))
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
        Departure { number: sequence.departures, sent_ms: now_ms, applied: sequence.applied }
    }

    /// The mark of a stamp that an answer carried; none if the answer is older than the epoch that is known.
    pub(crate) fn mark(&self, stamp: Stamp, departure: Departure) -> Option<Mark> {
        self.mark_in(&mut self.lock(), stamp, departure)
    }

    fn mark_in(&self, sequence: &mut Sequence, stamp: Stamp, departure: Departure) -> Option<Mark> {
        if departure.number <= sequence.forgotten_at || !Mark::can_be(stamp.seq) {
            return None;
        }
        if stamp.epoch != sequence.epoch || sequence.ordinal == 0 {
            if departure.number <= sequence.taken_over_at {
                return None;
            }
            self.take_over(sequence, stamp);
        } else if stamp.seq < departure.applied && departure.number > sequence.taken_over_at {
            // The server went back and did not say so, or a message lied: neither is to be built on.
            self.take_over(sequence, stamp);
        }
        Some(Mark::new(sequence.ordinal, stamp.seq))
    }

    /// Learns how far the partition had come when a request was sent, which renews the lease.
    ///
    /// What was bumped without this node hearing of it raises the floor. Where messages are heard it is about to come: the
    /// lease is renewed when it has. While an own bump is under way, its seq may be seen here before its answer is; then
    /// nothing is learned, and the lease stays as it was.
    pub(crate) fn observe(&self, stamp: Stamp, departure: Departure, lease_ms: u64) -> Option<Mark> {
        let mut sequence = self.lock();
        let mark = self.mark_in(&mut sequence, stamp, departure)?;
        if stamp.seq > sequence.applied {
            if sequence.is_listening {
                sequence.awaited.get_or_insert(Awaited { seq: stamp.seq, departure });
                return Some(mark);
            }
            if sequence.own_under_way > 0 {
                return Some(mark);
            }
            self.catch_up(&mut sequence, stamp.seq);
        }
        self.renew(&sequence, departure, lease_ms);
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
        sequence.take(stamp.seq);
        // Where messages are heard, those in between are about to come; if they are not, this must not grow for ever.
        let waits = if sequence.is_listening { sequence.ahead.len() < MAX_AHEAD } else { sequence.own_under_way > 0 };
        if !waits && let Some(&last) = sequence.ahead.last() {
            self.catch_up(&mut sequence, last);
        }
        self.meet_awaited(&mut sequence, lease_ms);
        if sequence.applied >= stamp.seq {
            self.renew(&sequence, departure, lease_ms);
        }
    }

    /// Hears of a step. `raise` is given its mark and raises the cells of what it names; without names, all that is older
    /// becomes doubtful. Tells whether steps before it were missed.
    pub(crate) fn hear(&self, stamp: Stamp, is_listed: bool, lease_ms: u64, raise: impl FnOnce(Mark)) -> bool {
        let ordinal = {
            let mut sequence = self.lock();
            if stamp.epoch != sequence.epoch || !Mark::can_be(stamp.seq) {
                // What that epoch is, an answer has to say: messages may be of any age.
                sequence.doubted_at = sequence.departures;
                self.lease_until_ms.store(0, Ordering::Release);
                return false;
            }
            sequence.ordinal
        };
        raise(Mark::new(ordinal, stamp.seq));
        let mut sequence = self.lock();
        if sequence.ordinal != ordinal || stamp.seq <= sequence.applied {
            return false;
        }
        sequence.take(stamp.seq);
        let has_gap = stamp.seq > sequence.applied;
        if has_gap || !is_listed {
            self.catch_up(&mut sequence, stamp.seq);
        }
        self.meet_awaited(&mut sequence, lease_ms);
        has_gap
    }

    /// Whether the cells of what a step names have been raised already: it was this node's own, or heard before. What was
    /// only caught up with has raised the floor instead.
    pub(crate) fn has_raised_for(&self, stamp: Stamp) -> bool {
        let sequence = self.lock();
        let is_applied = stamp.epoch == sequence.epoch && stamp.seq <= sequence.applied;
        is_applied && Mark::new(sequence.ordinal, stamp.seq) > self.floor()
    }

    /// Notes whether messages are heard from now on. While they were not, some were missed.
    pub(crate) fn set_listening(&self, is_listening: bool) {
        let mut sequence = self.lock();
        sequence.is_listening = is_listening;
        sequence.awaited = None;
    }

    /// Whether it was relied on since this was last asked, or waits for messages that do not come.
    pub(crate) fn needs_heartbeat(&self) -> bool {
        self.is_asked.swap(false, Ordering::Relaxed) || self.lock().awaited.is_some()
    }

    /// Learns from a heartbeat. What an earlier answer was ahead by, and what has not come since, was missed.
    pub(crate) fn beat(&self, stamp: Stamp, departure: Departure, lease_ms: u64) -> bool {
        let missed = {
            let mut sequence = self.lock();
            let awaited = sequence.awaited.take_if(|awaited| awaited.departure.sent_ms < departure.sent_ms);
            let missed = awaited.filter(|awaited| awaited.seq > sequence.applied && stamp.epoch == sequence.epoch);
            if let Some(awaited) = missed {
                self.catch_up(&mut sequence, awaited.seq);
            }
            missed.is_some()
        };
        self.observe(stamp, departure, lease_ms);
        missed
    }

    /// Whether everything up to a stamp has been applied here.
    pub(crate) fn has_applied(&self, stamp: Stamp) -> bool {
        let sequence = self.lock();
        stamp.epoch == sequence.epoch && stamp.seq <= sequence.applied
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
        self.began.store(sequence.ordinal, Ordering::Release);
    }

    fn take_over(&self, sequence: &mut Sequence, stamp: Stamp) {
        if sequence.ordinal > 0 {
            self.histories_lost.fetch_add(1, Ordering::Relaxed);
        }
        sequence.epoch = stamp.epoch;
        sequence.applied = stamp.seq;
        self.forget(sequence);
        self.began.store(sequence.ordinal, Ordering::Release);
    }

    fn forget(&self, sequence: &mut Sequence) {
        self.lease_until_ms.store(0, Ordering::Release);
        sequence.ordinal += 1;
        sequence.ahead.clear();
        sequence.awaited = None;
        sequence.taken_over_at = sequence.departures;
        self.floor.store(Mark::new(sequence.ordinal, sequence.applied).0, Ordering::Release);
        self.ordinal.store(sequence.ordinal, Ordering::Release);
    }

    fn catch_up(&self, sequence: &mut Sequence, seq: u64) {
        // Own steps may have come before the message of an earlier one.
        sequence.applied = sequence.applied.max(seq);
        sequence.ahead = sequence.ahead.split_off(&(sequence.applied + 1));
        sequence.join_up();
        self.floor.fetch_max(Mark::new(sequence.ordinal, seq).0, Ordering::AcqRel);
    }

    fn meet_awaited(&self, sequence: &mut Sequence, lease_ms: u64) {
        let applied = sequence.applied;
        if let Some(awaited) = sequence.awaited.take_if(|awaited| awaited.seq <= applied) {
            self.renew(sequence, awaited.departure, lease_ms);
        }
    }

    fn renew(&self, sequence: &Sequence, departure: Departure, lease_ms: u64) {
        let until_ms = departure.sent_ms.saturating_add(lease_ms);
        // Only written under the lock of the sequence.
        if departure.number > sequence.doubted_at && until_ms > self.lease_until_ms.load(Ordering::Relaxed) {
            self.lease_until_ms.store(until_ms, Ordering::Release);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sequence> {
        self.sequence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
