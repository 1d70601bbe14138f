//! What a node knows of a partition: section 5 of `docs/protocol.md`, rule by rule, as `cache/knowledge.rs` has it.

use super::ablation::{Ablation, Switches};
use super::state::Stamp;

/// A stamp as a node orders it: the number of the epoch, counted by that node, above the seq.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub(super) struct Mark {
    pub(super) ordinal: u8,
    pub(super) seq: u8,
}

/// When a request left.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Departure {
    pub(super) number: u8,
    pub(super) at: u8,
    pub(super) applied: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Known {
    pub(super) epoch: u8,
    pub(super) ordinal: u8,
    pub(super) applied: u8,
    pub(super) floor: Mark,
    pub(super) lease_until: u8,
    /// A bit for each seq that is known of before those below it.
    pub(super) ahead: u16,
    pub(super) own_under_way: u8,
    pub(super) is_listening: bool,
    pub(super) awaited: Option<(u8, Departure)>,
    pub(super) departures: u8,
    pub(super) taken_over_at: u8,
    pub(super) forgotten_at: u8,
    pub(super) doubted_at: u8,
}

/// The moment of a step: the time, how long a lease lasts, and the rules that are switched off.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: u8,
    pub(super) delta: u8,
    pub(super) off: Switches,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trust {
    Sure,
    Doubtful,
    Lost,
}

impl Known {
    pub(super) fn trust(&self, mark: Mark, when: Moment) -> Trust {
        if mark.ordinal != self.ordinal {
            return Trust::Lost;
        }
        let is_over = self.lease_until <= when.now && !when.off.has(Ablation::Lease);
        if is_over || mark < self.floor { Trust::Doubtful } else { Trust::Sure }
    }

    pub(super) fn here(&self) -> Mark {
        Mark { ordinal: self.ordinal, seq: self.applied }
    }

    pub(super) fn epoch_start(&self) -> Mark {
        Mark { ordinal: self.ordinal, seq: 0 }
    }

    pub(super) fn has_applied(&self, stamp: Stamp) -> bool {
        stamp.epoch == self.epoch && stamp.seq <= self.applied
    }

    pub(super) fn depart(&mut self, now: u8) -> Departure {
        self.departures += 1;
        Departure { number: self.departures, at: now, applied: self.applied }
    }

    pub(super) fn depart_bump(&mut self, now: u8) -> Departure {
        self.own_under_way += 1;
        self.depart(now)
    }

    /// The mark of a stamp that an answer carried; none if the answer is too old to be used.
    pub(super) fn mark(&mut self, stamp: Stamp, sent: Departure, when: Moment) -> Option<Mark> {
        if sent.number <= self.forgotten_at && !when.off.has(Ablation::LostBump) {
            return None;
        }
        if stamp.epoch != self.epoch || self.ordinal == 0 {
            if sent.number <= self.taken_over_at && !when.off.has(Ablation::OldEpoch) {
                return None;
            }
            self.take_over(stamp);
        } else if stamp.seq < sent.applied && sent.number > self.taken_over_at {
            self.take_over(stamp);
        }
        Some(Mark { ordinal: self.ordinal, seq: stamp.seq })
    }

    /// Learns how far the partition had come when a request was sent, which renews the lease.
    pub(super) fn observe(&mut self, stamp: Stamp, sent: Departure, when: Moment) -> Option<Mark> {
        let mark = self.mark(stamp, sent, when)?;
        if stamp.seq > self.applied {
            if self.is_listening && !when.off.has(Ablation::Awaited) {
                self.awaited.get_or_insert((stamp.seq, sent));
                return Some(mark);
            }
            if self.own_under_way > 0 {
                if !when.off.has(Ablation::OwnUnderWay) {
                    return Some(mark);
                }
                self.applied = stamp.seq;
            } else if !self.is_listening {
                self.catch_up(stamp.seq);
            }
        }
        self.renew(sent, when);
        Some(mark)
    }

    /// Learns that an own bump is done. Its cells must have been raised before.
    pub(super) fn bumped(&mut self, stamp: Stamp, sent: Departure, when: Moment) {
        self.own_under_way -= 1;
        if stamp.epoch != self.epoch {
            return;
        }
        self.join(stamp.seq);
        if !self.is_listening && self.own_under_way == 0 && self.ahead != 0 {
            self.catch_up(15 - self.ahead.leading_zeros() as u8);
        }
        self.meet_awaited(when);
        if self.applied >= stamp.seq {
            self.renew(sent, when);
        }
    }

    /// Hears of a step, whose cells have been raised if it is of the epoch that is known.
    pub(super) fn hear(&mut self, stamp: Stamp, when: Moment) {
        if stamp.epoch != self.epoch {
            if !when.off.has(Ablation::UnknownEpoch) {
                self.doubted_at = self.departures;
                self.lease_until = 0;
            }
            return;
        }
        if stamp.seq <= self.applied {
            return;
        }
        self.join(stamp.seq);
        if stamp.seq > self.applied {
            match when.off.has(Ablation::Gap) {
                true => self.applied = stamp.seq,
                false => self.catch_up(stamp.seq),
            }
        }
        self.meet_awaited(when);
    }

    /// Learns from a heartbeat. What an earlier answer was ahead by, and what has not come since, was missed.
    pub(super) fn beat(&mut self, stamp: Stamp, sent: Departure, when: Moment) {
        if let Some((seq, _)) = self.awaited.take_if(|(_, awaited)| awaited.at < sent.at)
            && seq > self.applied
            && stamp.epoch == self.epoch
        {
            self.catch_up(seq);
        }
        self.observe(stamp, sent, when);
    }

    /// Learns that it will never be known whether an own bump was done, or what it means.
    pub(super) fn bump_lost(&mut self) {
        self.own_under_way = self.own_under_way.saturating_sub(1);
        self.forgotten_at = self.departures;
        self.forget();
    }

    pub(super) fn set_listening(&mut self, is_listening: bool) {
        self.is_listening = is_listening;
        self.awaited = None;
    }

    fn take_over(&mut self, stamp: Stamp) {
        self.epoch = stamp.epoch;
        self.applied = stamp.seq;
        self.forget();
    }

    fn forget(&mut self) {
        self.lease_until = 0;
        self.ordinal += 1;
        self.ahead = 0;
        self.awaited = None;
        self.taken_over_at = self.departures;
        self.floor = self.here();
    }

    fn catch_up(&mut self, seq: u8) {
        self.applied = seq;
        self.join(seq);
        self.floor = self.floor.max(Mark { ordinal: self.ordinal, seq });
    }

    /// Takes what came ahead of its turn, as far as nothing is missing before it.
    fn join(&mut self, seq: u8) {
        self.ahead |= 1 << seq;
        while self.ahead & (2 << self.applied) != 0 {
            self.applied += 1;
        }
        self.ahead &= !0_u16 << self.applied << 1;
    }

    fn meet_awaited(&mut self, when: Moment) {
        let applied = self.applied;
        if let Some((_, sent)) = self.awaited.take_if(|(seq, _)| *seq <= applied) {
            self.renew(sent, when);
        }
    }

    fn renew(&mut self, sent: Departure, when: Moment) {
        if sent.number > self.doubted_at {
            let from = if when.off.has(Ablation::LeaseFromRequest) { when.now } else { sent.at };
            self.lease_until = self.lease_until.max(from + when.delta);
        }
    }
}
