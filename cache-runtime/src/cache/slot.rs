//! An entry in memory, and whether it may answer: by its own lives, its cells, and what is known of their partitions.

use super::cells::{Cell, Changes};
use super::knowledge::{Knowledge, Trust};
use super::l1::{Region, Seat};
use super::lives::{Lives, random_ratio};
use super::sequence::Mark;
use crate::codec::Value;
use crate::early;
use crate::key::{Dependency, Id};
use crate::load::{Last, Validators};
use crate::stamp::{Partition, Stamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An entry in memory.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The value; none is a remembered absence.
    pub(crate) value: Option<Value>,
    /// The fingerprint that memory knows it by.
    pub(crate) print: Id,
    /// The entry's key, by which it can be found without its typed arguments.
    pub(crate) key: Id,
    /// Whether its function wants the store to be asked on every call.
    pub(crate) is_strong: bool,
    /// What it depends on.
    pub(crate) dependencies: Arc<[Dependency]>,
    /// What it rests on.
    pub(crate) grounds: Box<[Rooted]>,
    /// By what the store can tell that it still holds.
    pub(crate) backing: Backing,
    /// When it was loaded, by this node's clock.
    pub(crate) loaded_ms: u64,
    /// How long the load took.
    pub(crate) load_cost_ms: u32,
    /// Until when it is good for what.
    pub(crate) lives: Lives,
    /// Whether the store was found to take it for invalid: it is kept for the case that the load fails.
    pub(crate) is_spare: bool,
    /// Until when nobody is to load in its place, after a load that failed.
    pub(crate) retry: Retry,
    /// Where readers leave their time, if its function is loaded ahead of them.
    pub(crate) reads: Option<Arc<AtomicU64>>,
    /// By what its source tells whether it still holds.
    pub(crate) validators: Option<Arc<Validators>>,
    /// Bytes.
    pub(crate) weight: u32,
    /// Whose room it takes up.
    pub(crate) region: Region,
    /// What its last hit found out.
    pub(crate) looked: Looked,
    /// What memory notes while it holds it.
    pub(crate) seat: Seat,
}

/// At which count of changes an entry's cells were last found to cover it.
#[derive(Debug)]
pub(crate) struct Looked(AtomicU64);

impl Default for Looked {
    /// No count of changes is so large.
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

/// Until when a load that failed is not to be tried again.
#[derive(Debug, Default)]
pub(crate) struct Retry(AtomicU64);

impl Clone for Retry {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

impl Retry {
    pub(crate) fn not_before(&self, at_ms: u64) {
        self.0.fetch_max(at_ms, Ordering::Relaxed);
    }

    pub(crate) fn is_too_early(&self, now_ms: u64) -> bool {
        now_ms < self.0.load(Ordering::Relaxed)
    }
}

/// What an entry in memory has in the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Backing {
    /// The entry of this identity; while it is there, the key was neither removed nor set.
    Entry(u64),
    /// A generation of its key among its dependencies, since its function stores no entries.
    Generation,
    /// Nothing: when in doubt it is lost.
    Nothing,
}

/// The dependencies of a call in one partition, before it is known what they will answer for.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) cells: Box<[Arc<Cell>]>,
}

/// A ground, and the mark up to which an entry knows it.
#[derive(Clone, Debug)]
pub(crate) struct Rooted {
    pub(crate) ground: Ground,
    pub(crate) mark: Mark,
}

/// Whether an entry may answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    Valid,
    Doubtful,
    Invalid,
}

impl Ground {
    /// Whether this node has accepted an invalidation of it that the store does not know of yet.
    pub(crate) fn is_owed(&self) -> bool {
        self.knowledge.is_owed() || self.cells.iter().any(|cell| cell.is_owed())
    }

    fn has(&self, cell: &Cell) -> bool {
        self.cells.iter().any(|own| std::ptr::eq(&**own, cell))
    }

    /// The latest that was heard of anything in this partition that matters here: a bump, or the end of an epoch; and if
    /// it is to be heeded, that something was missed, which may have mattered.
    pub(crate) fn known(&self, heeds_floor: bool) -> (Partition, u64) {
        let epoch = self.knowledge.epoch_start().raw();
        let bumped = self.cells.iter().map(|cell| cell.load()).max().unwrap_or(0);
        let floor = if heeds_floor { self.knowledge.floor().raw() } else { 0 };
        (self.knowledge.partition(), bumped.max(epoch).max(floor))
    }
}

impl Rooted {
    /// Whether nothing was heard of its cells since.
    fn is_covered(&self) -> bool {
        self.ground.cells.iter().all(|cell| cell.is_covered_by(self.mark))
    }

    /// Whether nothing was cleared or lost since: what was invalidated one by one may still be shown as stale.
    fn is_of_this_history(&self) -> bool {
        !self.ground.knowledge.is_owed() && self.ground.knowledge.goes_on_since(self.mark)
    }

    /// The stamp behind the mark, unless its epoch is over.
    pub(crate) fn stamp(&self) -> Option<(Partition, Stamp)> {
        Some((self.ground.knowledge.partition(), self.ground.knowledge.stamp(self.mark)?))
    }
}

impl Slot {
    pub(crate) fn marks(&self) -> Arc<[(Partition, Mark)]> {
        self.grounds.iter().map(|root| (root.ground.knowledge.partition(), root.mark)).collect()
    }

    /// The same entry, to be known by another fingerprint.
    pub(crate) fn under(&self, print: Id) -> Self {
        Self {
            print,
            value: self.value.clone(),
            dependencies: self.dependencies.clone(),
            grounds: self.grounds.clone(),
            retry: self.retry.clone(),
            reads: self.reads.clone(),
            validators: self.validators.clone(),
            looked: Looked::default(),
            seat: Seat::default(),
            ..*self
        }
    }

    /// Whether it may answer without anybody's word. Its cells are many and far apart, and seldom does any change between
    /// two hits: they are looked at again only then.
    #[inline]
    pub(crate) fn is_sure(&self, now_ms: u64, changes: &Changes) -> bool {
        if now_ms >= self.lives.sure_until_ms() || self.is_looked_at() {
            return false;
        }
        let is_sure = |root: &Rooted| root.ground.knowledge.trust(root.mark, now_ms) == Trust::Sure;
        let is_trusted = self.grounds.iter().all(is_sure);
        // The count after the trust and before the cells: what changes later leaves it behind.
        let count = changes.count();
        is_trusted && (self.looked.0.load(Ordering::Relaxed) == count || self.look(count))
    }

    #[cold]
    fn look(&self, count: u64) -> bool {
        let is_covered = self.grounds.iter().all(Rooted::is_covered);
        if is_covered {
            self.looked.0.store(count, Ordering::Relaxed);
        }
        is_covered
    }

    /// The value, without touching how many have it if nobody else has the entry.
    pub(crate) fn into_value(slot: Arc<Self>) -> Option<Value> {
        Arc::try_unwrap(slot).map_or_else(|slot| slot.value.clone(), |slot| slot.value)
    }

    /// What a load is told that is to replace it.
    pub(super) fn last(&self) -> Last {
        Last { value: self.value.clone(), validators: self.validators.clone() }
    }

    /// Until when this entry may answer if its standing is found to be valid after this was asked.
    pub(crate) fn lease_until_ms(&self) -> u64 {
        self.grounds.iter().map(|root| root.ground.knowledge.lease_until_ms()).min().unwrap_or(u64::MAX)
    }

    /// Whether it may answer as a fresh value.
    pub(crate) fn standing(&self, now_ms: u64) -> Standing {
        if self.lives.fresh_until_ms <= now_ms { Standing::Invalid } else { self.holding(now_ms) }
    }

    /// Whether a hit has to look at more than its life: what the store says, or that it is read at all.
    #[inline]
    pub(crate) fn is_looked_at(&self) -> bool {
        self.is_strong || self.is_spare || self.reads.is_some()
    }

    pub(crate) fn note_read(&self, now_ms: u64) {
        if let Some(reads) = &self.reads {
            reads.fetch_max(now_ms, Ordering::Relaxed);
        }
    }

    /// Whether there is anything to be drawn for.
    pub(crate) fn may_be_due(&self, now_ms: u64) -> bool {
        now_ms >= self.lives.early_from_ms.min(self.lives.due_from_ms)
    }

    /// Draws whether it is to be loaded anew, although it may answer.
    pub(crate) fn is_due(&self, now_ms: u64) -> bool {
        let lives = &self.lives;
        if !self.may_be_due(now_ms) || self.retry.is_too_early(now_ms) {
            return false;
        }
        let left_ms = lives.ttl_until_ms.saturating_sub(now_ms);
        now_ms >= lives.due_from_ms
            || early::is_due(left_ms, u64::from(self.load_cost_ms), lives.beta, 1.0 - random_ratio())
    }

    /// Whether it may answer, whatever its age.
    pub(crate) fn holding(&self, now_ms: u64) -> Standing {
        if self.is_spare {
            return Standing::Invalid;
        }
        let mut standing = Standing::Valid;
        for root in &self.grounds {
            match root.ground.knowledge.trust(root.mark, now_ms) {
                Trust::Lost => return Standing::Invalid,
                Trust::Doubtful => standing = Standing::Doubtful,
                Trust::Sure => {}
            }
            if !root.is_covered() {
                return Standing::Invalid;
            }
        }
        standing
    }

    /// Whether its value may be shown as a stale one if the load fails: it was neither removed, set nor cleared, as far as
    /// is known here.
    pub(crate) fn may_stand_in(&self, now_ms: u64, key: &Cell) -> bool {
        now_ms < self.lives.stand_in_until_ms
            && self.grounds.iter().all(Rooted::is_of_this_history)
            && self.grounds.iter().any(|root| root.ground.has(key) && key.is_covered_by(root.mark))
    }

    /// Whether there is still something that it may be good for.
    pub(crate) fn is_kept(&self, now_ms: u64) -> bool {
        now_ms < self.lives.end_ms()
    }
}
