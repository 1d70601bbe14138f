//! The entries of a process: the index answers, the queues decide what stays.
//!
//! Whoever changes what is held does so under one lock, to index, queues and names alike, so that they cannot come to
//! disagree. A hit takes no lock: it asks the index, and leaves its mark in the entry, where the queues find it.

use super::index::Index;
use super::names::Names;
use super::regions::{Region, Regions};
use crate::cache::slot::{Made, Slot};
use crate::clock::Clock;
use crate::key::Id;
use crate::policy::L1;
use crate::telemetry::{ActivityKind, Meters, Watchers};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The entries of a process, by the fingerprint of the typed arguments and, slower, by the key.
#[derive(Debug)]
pub(crate) struct Entries {
    index: Index,
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
    /// What went and is to be told of, when the lock is free again: whoever is told may ask memory for something.
    left: Vec<(Arc<Slot>, ActivityKind)>,
}

/// With every entry that comes, so many are looked at whether they are over. One place is new by then, so that each is
/// looked at before half as many have come as there are: what is over is never more than what is alive.
const SWEPT_PER_INSERT: usize = 3;

/// And so many by whoever asks how much there is: where nothing comes any more, that is who would notice.
const SWEPT_PER_LOOK: usize = 64;

/// From this weight on an entry that has left is not kept for a while longer.
const HEAVY_BYTES: u32 = 32 << 10;

/// What index, queues and names take up for an entry, in tables of which half or two thirds are taken; and, as often as not, a
/// fingerprint of one that was evicted.
pub(crate) const SEAT_BYTES: usize = {
    let pointer = size_of::<usize>();
    let place = pointer + 1;
    let (index, names, queue, ghost) = (pointer + place * 2, place * 3 / 2, pointer * 3 / 2, 24);
    index + names + queue + ghost
};

impl Kept {
    fn note_left(&mut self, slot: &Arc<Slot>, kind: ActivityKind) {
        if slot.told_as().is_some() {
            self.left.push((slot.clone(), kind));
        }
    }
}

impl Entries {
    /// `None` if nothing is to be kept.
    pub(crate) fn new(size: L1, meters: Arc<Meters>, watchers: Arc<Watchers>, clock: Clock) -> Option<Self> {
        if size.is_off() {
            return None;
        }
        let kept = Mutex::new(Kept { regions: Regions::new(size), names: Names::default(), left: Vec::new() });
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
    pub(crate) fn hit<T>(&self, print: Id, look: impl FnOnce(&Slot) -> Option<T>) -> Option<T> {
        self.index.with(print, |slot| {
            let taken = look(slot)?;
            slot.seat.mark_hit();
            Some(taken)
        })?
    }

    pub(crate) fn get(&self, print: Id) -> Option<Arc<Slot>> {
        self.index.get(print)
    }

    pub(crate) fn get_by_key(&self, key: Id) -> Option<Arc<Slot>> {
        self.lock().names.get(key).cloned()
    }

    /// Keeps an entry under a fingerprint, in the place of the one that is there.
    pub(crate) fn insert(&self, print: Id, slot: Arc<Slot>) {
        // One that was found under another fingerprint has its seat there.
        let slot = if slot.print == print { slot } else { Arc::new(Slot::new(Made { print, ..slot.made() })) };
        let mut kept = self.lock();
        let before = self.index.get(print);
        if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, &slot)) {
            return;
        }
        let has_room = kept.regions.of(slot.seat.region).has_room_for(&slot);
        let region = slot.seat.region;
        match &before {
            Some(before) if has_room && before.seat.region == region => {
                self.replace(&mut kept, before, slot);
                self.let_go(before);
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
    pub(crate) fn discard(&self, print: Id, slot: &Arc<Slot>) {
        let mut kept = self.lock();
        if let Some(there) = self.index.get(print).filter(|there| Arc::ptr_eq(there, slot)) {
            self.take_out(&mut kept, &there);
            self.note_size(&kept);
        }
    }

    pub(crate) fn remove_by_key(&self, key: Id) {
        let mut kept = self.lock();
        if let Some(slot) = kept.names.get(key).cloned() {
            self.take_out(&mut kept, &slot);
            self.note_size(&kept);
        }
    }

    /// Entries, and what they weigh. Waits for nobody: a value that is dropped while the lock is held may ask.
    pub(crate) fn size(&self) -> (u64, u64) {
        if let Ok(mut kept) = self.kept.try_lock() {
            for region in kept.regions.each() {
                self.sweep(&mut kept, region, SWEPT_PER_LOOK);
            }
            self.note_size(&kept);
            self.tell(kept);
        }
        (self.len.load(Ordering::Relaxed), self.weight.load(Ordering::Relaxed))
    }

    /// What the index has let go of, a few entries of each thread, is kept until that thread removes more. It shall not be
    /// much.
    fn let_go(&self, slot: &Slot) {
        if slot.weight >= HEAVY_BYTES {
            self.index.drop_removed();
        }
    }

    fn take_in(&self, kept: &mut Kept, slot: Arc<Slot>) {
        kept.regions.of(slot.seat.region).push(slot.clone());
        self.make_room_for(kept, slot);
    }

    /// In the same region.
    fn replace(&self, kept: &mut Kept, before: &Arc<Slot>, slot: Arc<Slot>) {
        kept.names.forget(before);
        kept.regions.of(slot.seat.region).replace(before, slot.clone());
        self.make_room_for(kept, slot);
    }

    /// Lets go first and only then has the newcomer answer, so that the index is never above the bound. It may be the
    /// newcomer that goes.
    fn make_room_for(&self, kept: &mut Kept, slot: Arc<Slot>) {
        let mut stays = true;
        while let Some(evicted) = kept.regions.of(slot.seat.region).evict() {
            self.index.remove(evicted.print);
            self.let_go(&evicted);
            kept.names.forget(&evicted);
            self.meters.of(evicted.group()).evictions.count();
            kept.note_left(&evicted, ActivityKind::Evict);
            stays &= !Arc::ptr_eq(&evicted, &slot);
        }
        if stays {
            self.index.insert(slot.clone());
            kept.names.note(slot);
        }
    }

    fn sweep(&self, kept: &mut Kept, region: Region, places: usize) {
        let now_ms = self.clock.now_ms();
        for _ in 0..places {
            if let Some(over) = kept.regions.of(region).next_if_over(now_ms) {
                self.take_out(kept, &over);
                self.meters.of(over.group()).expirations.count();
                kept.note_left(&over, ActivityKind::Expire);
            }
        }
    }

    fn take_out(&self, kept: &mut Kept, slot: &Arc<Slot>) {
        self.index.remove(slot.print);
        self.let_go(slot);
        kept.regions.of(slot.seat.region).remove(slot);
        kept.names.forget(slot);
    }

    fn note_size(&self, kept: &Kept) {
        self.len.store(kept.regions.len() as u64, Ordering::Relaxed);
        self.weight.store(kept.regions.weight(), Ordering::Relaxed);
    }

    /// Lets go of the lock, and tells of what has left under it.
    fn tell(&self, mut kept: MutexGuard<'_, Kept>) {
        let left = std::mem::take(&mut kept.left);
        drop(kept);
        for (slot, kind) in left {
            let key = slot.told_as().unwrap_or_default();
            self.watchers.tell(kind, &self.meters.of(slot.group()).name, key);
        }
    }

    /// What one of index, queues and names has and another has not.
    #[cfg(test)]
    pub(super) fn disagreements(&self) -> Vec<String> {
        let kept = self.lock();
        let is_there = |slot: &&Arc<Slot>| self.index.get(slot.print).is_some_and(|there| Arc::ptr_eq(&there, slot));
        let stray = |all: Vec<&Arc<Slot>>, of: &str| -> Vec<String> {
            all.into_iter().filter(|slot| !is_there(slot)).map(|slot| format!("{of} {:?}", slot.print)).collect()
        };
        let mut found = stray(kept.regions.iter().collect(), "queued and does not answer:");
        found.extend(stray(kept.names.iter().collect(), "has a name and does not answer:"));
        let (answering, queued) = (self.index.all().len(), kept.regions.iter().count());
        let weight = kept.regions.iter().map(|slot| u64::from(slot.weight)).sum::<u64>();
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
