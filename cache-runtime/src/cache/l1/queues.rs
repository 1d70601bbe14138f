//! What stays in memory, by S3-FIFO: Yang, Zhang, Qiu, Yue, Rashmi, "FIFO Queues are All You Need for Cache Eviction",
//! SOSP 2023.
//!
//! A new entry waits in a small queue. If it is hit more than once by the time that it reaches the end, it moves on to the
//! main queue, whose entries go round for as long as they are hit; if not, only its fingerprint is remembered for a while,
//! and should it come back by then, it goes to the main queue at once. A hit changes no order, it only leaves a mark in
//! the entry: so nobody waits to be hit. A scan passes through the small queue alone.

use super::ghosts::Ghosts;
use super::held::Held;
use super::index::Index;
use super::places::Number;
use super::regions::Region;
use crate::cache::slot::Slot;
use crate::policy::{Eviction, L1};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// The entries in the order in which they are asked to go.
#[derive(Debug)]
pub(super) struct Queues {
    small: Queue,
    main: Queue,
    ghosts: Ghosts,
    size: L1,
    /// Where the search for what is over goes on.
    swept_to: usize,
}

/// The small queue has a tenth of the room, as in the paper, and room for one at least.
const SMALL_SHARE: u64 = 10;

/// Hits are counted up to here.
const MAX_HITS: u8 = 3;

/// So often an entry of the small queue has to be hit in order to stay.
const HITS_TO_STAY: u8 = 2;

/// So many entries are passed over for one that has to go, whatever their hits: the lock is not to be held for long.
pub(super) const MAX_TURNS: u32 = 256;

/// What memory notes in an entry that it holds.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    /// Whose room it takes up.
    pub(super) region: Region,
    hits: AtomicU8,
    /// The number of its place, which wraps around, as no queue is so long; and in the lowest bit in which queue that is.
    /// Changed by whoever holds the queues.
    ticket: AtomicU32,
}

impl Seat {
    pub(crate) fn new(region: Region) -> Self {
        Self { region, ..Self::default() }
    }

    pub(crate) fn region(&self) -> Region {
        self.region
    }

    /// Marks a hit, unless it makes no difference any more: what is hit often shall not be written to.
    #[inline]
    pub(super) fn mark_hit(&self) {
        let hits = self.hits();
        if hits < MAX_HITS {
            self.set_hits(hits + 1);
        }
    }

    #[inline]
    pub(super) fn hits(&self) -> u8 {
        self.hits.load(Ordering::Relaxed)
    }

    pub(super) fn set_hits(&self, hits: u8) {
        self.hits.store(hits, Ordering::Relaxed);
    }
}

impl Queues {
    pub(super) fn new(size: L1) -> Self {
        Self { small: Queue::new(SMALL), main: Queue::new(MAIN), ghosts: Ghosts::default(), size, swept_to: 0 }
    }

    /// Whether it could stay if there were nothing else.
    pub(super) fn has_room_for(&self, slot: &Slot) -> bool {
        weight_of(slot) <= self.size.max_bytes && self.size.max_entries > 0
    }

    /// Takes a new entry in. Then [`evict`](Self::evict) until there is nothing to evict.
    pub(super) fn push(&mut self, index: &Index<Held>, number: Number) {
        let is_new = self.size.eviction == Eviction::S3Fifo && !self.ghosts.take(index.at(number).print);
        if is_new { self.small.push(index, number) } else { self.main.push(index, number) }
    }

    /// Puts an entry in the place of another, whose hits count for it. Then [`evict`](Self::evict) as well.
    pub(super) fn replace(&mut self, index: &Index<Held>, before: Number, number: Number) {
        index.at(number).seat.set_hits(index.at(before).seat.hits());
        self.queue_of(&index.at(before)).replace(index, before, number);
    }

    /// Takes an entry out that is there.
    pub(super) fn remove(&mut self, index: &Index<Held>, number: Number) {
        self.queue_of(&index.at(number)).remove(index, number);
    }

    /// Takes out what is to go for room, if there is too little.
    pub(super) fn evict(&mut self, index: &Index<Held>) -> Option<Number> {
        // Readers may mark entries as fast as they are passed over.
        for turn in 1.. {
            if self.len() as u64 <= self.size.max_entries && self.weight() <= self.size.max_bytes {
                break;
            }
            let is_last = turn >= MAX_TURNS;
            let evicted = match self.is_small_full() || self.main.is_empty() {
                true => self.pop_small(index, is_last),
                false => self.pop_main(index, is_last),
            };
            if evicted.is_some() {
                return evicted;
            }
        }
        None
    }

    fn is_small_full(&self) -> bool {
        let exceeds = |held: u64, room: u64| held > (room / SMALL_SHARE).max(1);
        exceeds(self.small.len() as u64, self.size.max_entries) || exceeds(self.small.weight, self.size.max_bytes)
    }

    /// The oldest of the small queue, if it is not to stay, or none may any more.
    fn pop_small(&mut self, index: &Index<Held>, is_last: bool) -> Option<Number> {
        let number = self.small.pop(index)?;
        let slot = index.at(number);
        if is_last || slot.seat.hits() < HITS_TO_STAY {
            self.ghosts.note(slot.print, self.len());
            return Some(number);
        }
        slot.seat.set_hits(0);
        self.main.push(index, number);
        None
    }

    /// The oldest of the main queue, if it was not hit since it came there, or none may stay any more.
    fn pop_main(&mut self, index: &Index<Held>, is_last: bool) -> Option<Number> {
        let number = self.main.pop(index)?;
        let slot = index.at(number);
        let hits = slot.seat.hits();
        if is_last || hits == 0 || self.size.eviction == Eviction::Fifo {
            return Some(number);
        }
        slot.seat.set_hits(if self.size.eviction == Eviction::Lru { 0 } else { hits - 1 });
        self.main.push(index, number);
        None
    }

    /// The next entry in turn, if it is good for nothing any more.
    pub(super) fn next_if_over(&mut self, index: &Index<Held>, now_ms: u64) -> Option<Number> {
        let places = self.places();
        self.swept_to = if self.swept_to + 1 < places { self.swept_to + 1 } else { 0 };
        let number = match self.swept_to.checked_sub(self.small.places()) {
            None => self.small.at(self.swept_to),
            Some(at) => self.main.at(at),
        };
        number.filter(|number| !index.at(*number).is_kept(now_ms))
    }

    /// Those of entries that were removed included.
    pub(super) fn places(&self) -> usize {
        self.small.places() + self.main.places()
    }

    pub(super) fn len(&self) -> usize {
        self.small.len() + self.main.len()
    }

    pub(super) fn weight(&self) -> u64 {
        self.small.weight + self.main.weight
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = Number> {
        self.small.places.iter().chain(&self.main.places).copied().filter(|number| *number != VACANT)
    }

    fn queue_of(&mut self, slot: &Slot) -> &mut Queue {
        if slot.seat.ticket.load(Ordering::Relaxed) & 1 == SMALL { &mut self.small } else { &mut self.main }
    }
}

/// First in, first out; but what is removed in between leaves at once, and its place stays empty until its turn comes.
#[derive(Debug)]
struct Queue {
    name: u32,
    places: VecDeque<Number>,
    /// The number of the first place, of which a ticket has the lower 31 bits.
    first: u32,
    empty: usize,
    weight: u64,
}

fn weight_of(slot: &Slot) -> u64 {
    u64::from(slot.weight)
}

const SMALL: u32 = 0;
const MAIN: u32 = 1;

/// In the place of an entry that was removed: so many places there never are.
const VACANT: Number = Number::MAX;

/// So few empty places are not worth moving the others.
const FEW: usize = 32;

impl Queue {
    fn new(name: u32) -> Self {
        Self { name, places: VecDeque::new(), first: 0, empty: 0, weight: 0 }
    }

    fn push(&mut self, index: &Index<Held>, number: Number) {
        let slot = index.at(number);
        self.weight += weight_of(&slot);
        self.seat(&slot, self.places.len());
        self.places.push_back(number);
    }

    fn pop(&mut self, index: &Index<Held>) -> Option<Number> {
        while let Some(number) = self.places.pop_front() {
            self.first = self.first.wrapping_add(1);
            if number != VACANT {
                self.weight -= weight_of(&index.at(number));
                return Some(number);
            }
            self.empty -= 1;
        }
        None
    }

    fn replace(&mut self, index: &Index<Held>, before: Number, number: Number) {
        let (before, slot) = (index.at(before), index.at(number));
        let at = self.place_of(&before);
        self.seat(&slot, at);
        self.weight = self.weight + weight_of(&slot) - weight_of(&before);
        self.places[at] = number;
    }

    fn remove(&mut self, index: &Index<Held>, number: Number) {
        let slot = index.at(number);
        let at = self.place_of(&slot);
        self.places[at] = VACANT;
        self.weight -= weight_of(&slot);
        self.empty += 1;
        // As often as not is seldom enough: it costs each removal the moving of one entry.
        if self.empty > FEW.max(self.places.len() / 2) {
            self.close_up(index);
        }
    }

    fn close_up(&mut self, index: &Index<Held>) {
        self.places.retain(|number| *number != VACANT);
        self.empty = 0;
        for (at, number) in self.places.iter().enumerate() {
            self.seat(&index.at(*number), at);
        }
    }

    fn seat(&self, slot: &Slot, at: usize) {
        slot.seat.ticket.store((self.first.wrapping_add(at as u32) << 1) | self.name, Ordering::Relaxed);
    }

    fn place_of(&self, slot: &Slot) -> usize {
        let number = slot.seat.ticket.load(Ordering::Relaxed) >> 1;
        (number.wrapping_sub(self.first) & (u32::MAX >> 1)) as usize
    }

    fn at(&self, at: usize) -> Option<Number> {
        self.places.get(at).copied().filter(|number| *number != VACANT)
    }

    fn places(&self) -> usize {
        self.places.len()
    }

    fn len(&self) -> usize {
        self.places.len() - self.empty
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
