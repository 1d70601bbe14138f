//! The entries of a process: the index answers, the queues decide what stays.
//!
//! Whoever changes what is held does so under one lock, to index, queues and names alike, so that they cannot come to
//! disagree. A hit waits for no lock: it asks the index, and leaves its mark in the entry, where the queues find it.

use super::held::Held;
use super::index::{self, Index, Upkeep};
use super::names::Names;
use super::places::{Look, Number};
use super::regions::{Region, Regions};
use crate::cache::slot::Slot;
use crate::clock::Clock;
use crate::key::Id;
use crate::policy::L1;
use crate::telemetry::{ActivityKind, Group, Meters, Watchers};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The entries of a process, by the fingerprint of the typed arguments and, slower, by the key.
#[derive(Debug)]
pub(crate) struct Entries {
    index: Index<Held>,
    kept: Mutex<Kept>,
    /// How many there are and what they weigh, for those who ask without the lock.
    len: AtomicU64,
    weight: AtomicU64,
    meters: Arc<Meters>,
    watchers: Arc<Watchers>,
    clock: Clock,
}

#[derive(Debug)]
struct Kept {
    regions: Regions,
    names: Names,
    upkeep: Upkeep<Held>,
    /// What went and is to be told of, when the lock is free again: whoever is told may ask memory for something.
    left: Vec<(String, Group, ActivityKind)>,
}

/// With every entry that comes, so many are looked at whether they are over. One place is new by then, so that each is
/// looked at before half as many have come as there are: what is over is never more than what is alive.
const SWEPT_PER_INSERT: usize = 3;

/// And so many by whoever asks how much there is: where nothing comes any more, that is who would notice.
const SWEPT_PER_LOOK: usize = 64;

/// What an entry takes up besides its value, what few entries have, and its cells: its place, and what index, queues and
/// names have of it, in tables of which half or two thirds are taken; and, as often as not, a fingerprint of one that was
/// evicted.
pub(crate) const SEAT_BYTES: usize = {
    let number = size_of::<Number>();
    let (names, queue, ghost) = ((number + 1) * 3 / 2, number * 3 / 2, 24);
    index::bytes_of::<Held>() + names + queue + ghost
};

impl Entries {
    /// `None` if nothing is to be kept.
    pub(crate) fn new(size: L1, meters: Arc<Meters>, watchers: Arc<Watchers>, clock: Clock) -> Option<Self> {
        if size.is_off() {
            return None;
        }
        let (names, upkeep) = (Names::default(), Upkeep::default());
        let kept = Mutex::new(Kept { regions: Regions::new(size), names, upkeep, left: Vec::new() });
        Some(Self {
            index: Index::new(),
            kept,
            len: AtomicU64::new(0),
            weight: AtomicU64::new(0),
            meters,
            watchers,
            clock,
        })
    }

    /// The region of a function that is to have this much room for itself. All descriptions of it, those of its companions
    /// too, have one print.
    pub(crate) fn region(&self, function: Id, size: L1) -> Region {
        self.lock().regions.of_function(function, size)
    }

    /// Lets an entry be looked at where it lies. If anything is made of it, that was a hit.
    #[inline]
    pub(crate) fn hit<T>(&self, print: Id, look: impl FnOnce(&Held) -> Option<T>) -> Option<T> {
        let place = self.place(print)?;
        let held = place.as_ref()?;
        let taken = look(held)?;
        held.seat.mark_hit();
        Some(taken)
    }

    /// Marks a hit that was one by another way.
    pub(crate) fn mark_hit(&self, print: Id) {
        self.look(print, |slot| slot.seat.mark_hit());
    }

    /// Notes that nobody is to load in place of an entry before that.
    pub(crate) fn retry_not_before(&self, print: Id, at_ms: u64) {
        self.look(print, |slot| slot.retry_not_before(at_ms));
    }

    /// A copy of an entry.
    pub(crate) fn get(&self, print: Id) -> Option<Arc<Slot>> {
        self.look(print, |slot| Arc::new(slot.clone()))
    }

    fn look<T>(&self, print: Id, look: impl FnOnce(&Slot) -> T) -> Option<T> {
        self.place(print)?.as_ref().map(|held| look(held))
    }

    /// Where an entry lies, which no change moves while it is looked at.
    #[inline]
    fn place(&self, print: Id) -> Option<Look<'_, Held>> {
        self.index.look(print).or_else(|| self.look_beside(print))
    }

    /// What only the lock finds, which is nothing but by a rare chance. It is not held while somebody looks.
    #[cold]
    #[inline(never)]
    fn look_beside(&self, print: Id) -> Option<Look<'_, Held>> {
        if !self.index.has_any_beside() {
            return None;
        }
        let number = self.index.find(&self.lock().upkeep, print)?;
        self.index.look_at(number, print)
    }

    pub(crate) fn get_by_key(&self, key: Id) -> Option<Arc<Slot>> {
        let kept = self.lock();
        let number = kept.names.get(&self.index, key)?;
        Some(Arc::new(self.index.at(number).clone()))
    }

    /// Keeps an entry under a fingerprint, in the place of the one that is there.
    pub(crate) fn insert(&self, print: Id, slot: Slot) {
        // One that was found under another fingerprint has its seat there.
        let slot = slot.under(print);
        let mut kept = self.lock();
        let before = self.index.find(&kept.upkeep, print);
        let region = slot.seat.region;
        let has_room = kept.regions.of(region).has_room_for(&slot);
        match before {
            Some(before) if has_room && self.index.at(before).seat.region == region => {
                let number = self.index.hold(&mut kept.upkeep, Held::new(slot));
                kept.names.forget(&self.index, before);
                kept.regions.of(region).replace(&self.index, before, number);
                self.make_room_for(&mut kept, number);
            }
            Some(before) => {
                self.take_out(&mut kept, before);
                if has_room {
                    self.take_in(&mut kept, slot);
                }
            }
            None if has_room => self.take_in(&mut kept, slot),
            None => return,
        }
        self.sweep(&mut kept, region, SWEPT_PER_INSERT);
        self.note_size(&kept);
        self.tell(kept);
    }

    /// Takes an entry out that cannot answer any more, unless it was replaced in between.
    pub(crate) fn discard(&self, print: Id, slot: &Slot) {
        let mut kept = self.lock();
        let there = self.index.find(&kept.upkeep, print).filter(|there| self.index.at(*there).is_same(slot));
        if let Some(there) = there {
            self.take_out(&mut kept, there);
            self.note_size(&kept);
        }
        self.tell(kept);
    }

    pub(crate) fn remove_by_key(&self, key: Id) {
        let mut kept = self.lock();
        if let Some(number) = kept.names.get(&self.index, key) {
            self.take_out(&mut kept, number);
            self.note_size(&kept);
        }
        self.tell(kept);
    }

    /// Entries, and what they weigh. Waits for nobody.
    pub(crate) fn size(&self) -> (u64, u64) {
        if let Ok(mut kept) = self.kept.try_lock() {
            for region in kept.regions.each() {
                self.sweep(&mut kept, region, SWEPT_PER_LOOK);
            }
            self.index.empty_retired(&mut kept.upkeep);
            self.note_size(&kept);
            self.tell(kept);
        }
        (self.len.load(Ordering::Relaxed), self.weight.load(Ordering::Relaxed))
    }

    fn take_in(&self, kept: &mut Kept, slot: Slot) {
        let number = self.index.hold(&mut kept.upkeep, Held::new(slot));
        let region = self.index.at(number).seat.region;
        kept.regions.of(region).push(&self.index, number);
        self.make_room_for(kept, number);
    }

    /// Lets go first and only then has the newcomer answer, so that the index is never above the bound. It may be the
    /// newcomer that goes, and then with what it was to replace.
    fn make_room_for(&self, kept: &mut Kept, number: Number) {
        let region = self.index.at(number).seat.region;
        let mut stays = true;
        while let Some(evicted) = kept.regions.of(region).evict(&self.index) {
            self.note_left(kept, evicted, ActivityKind::Evict);
            // A statement of its own: a place is not emptied while it is looked at.
            let print = self.index.at(evicted).print;
            kept.names.forget(&self.index, evicted);
            self.index.remove(&mut kept.upkeep, print);
            if evicted == number {
                stays = false;
                self.index.retire(&mut kept.upkeep, number);
            }
        }
        if stays {
            kept.names.note(&self.index, number);
            self.index.show(&mut kept.upkeep, number);
        }
    }

    fn sweep(&self, kept: &mut Kept, region: Region, places: usize) {
        let now_ms = self.clock.now_ms();
        for _ in 0..places {
            if let Some(over) = kept.regions.of(region).next_if_over(&self.index, now_ms) {
                self.note_left(kept, over, ActivityKind::Expire);
                self.take_out(kept, over);
            }
        }
    }

    fn take_out(&self, kept: &mut Kept, number: Number) {
        let (region, print) = (self.index.at(number).seat.region, self.index.at(number).print);
        kept.regions.of(region).remove(&self.index, number);
        kept.names.forget(&self.index, number);
        self.index.remove(&mut kept.upkeep, print);
    }

    /// Counts what leaves, and keeps in mind whom that is to be told.
    fn note_left(&self, kept: &mut Kept, number: Number, kind: ActivityKind) {
        let slot = self.index.at(number);
        let meter = self.meters.of(slot.group());
        if kind == ActivityKind::Evict {
            meter.evictions.count()
        } else {
            meter.expirations.count()
        }
        kept.left.extend(slot.told_as().map(|key| (key.to_owned(), slot.group(), kind)));
    }

    fn note_size(&self, kept: &Kept) {
        self.len.store(kept.regions.len() as u64, Ordering::Relaxed);
        self.weight.store(kept.regions.weight(), Ordering::Relaxed);
    }

    /// Lets go of the lock, tells of what has left under it, and drops that: a value's drop may ask memory for something.
    fn tell(&self, mut kept: MutexGuard<'_, Kept>) {
        let (left, _gone) = (std::mem::take(&mut kept.left), kept.upkeep.take_gone());
        drop(kept);
        for (key, group, kind) in left {
            self.watchers.tell(kind, &self.meters.of(group).name, &key);
        }
    }

    /// What one of index, queues and names has and another has not.
    #[cfg(test)]
    pub(super) fn disagreements(&self) -> Vec<String> {
        let kept = self.lock();
        let stray = |all: Vec<Number>, of: &str| -> Vec<String> {
            let answers =
                |number: &Number| self.index.find(&kept.upkeep, self.index.at(*number).print) == Some(*number);
            all.into_iter().filter(|number| !answers(number)).map(|number| format!("{of} {number}")).collect()
        };
        let mut found = stray(kept.regions.iter().collect(), "queued and does not answer:");
        found.extend(stray(kept.names.iter().collect(), "has a name and does not answer:"));
        let (answering, queued) = (kept.upkeep.len(), kept.regions.iter().count());
        let weight = kept.regions.iter().map(|number| u64::from(self.index.at(number).weight)).sum::<u64>();
        let counts =
            [(answering, queued), (queued, kept.regions.len()), (weight as usize, kept.regions.weight() as usize)];
        found.extend(counts.iter().filter(|(one, other)| one != other).map(|both| format!("{both:?}")));
        found
    }

    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.lock().regions.places()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
