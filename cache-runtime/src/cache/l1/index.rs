//! What answers: a lock-free table of the entries, by fingerprint. It holds nothing that moka has let go.

use crate::cache::cells::Changes;
use crate::cache::knowledge::{Knowledge, Trust};
use crate::cache::sequence::Mark;
use crate::cache::slot::{Rooted, Slot};
use crate::codec::Value;
use crate::key::{Id, Prehashed};
use papaya::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

#[derive(Debug)]
pub(super) struct Index(HashMap<Id, Held, Prehashed>);

/// An entry as its hits see it: what they ask for lies together, so that they wait for as few cache lines as can be.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) value: Option<Value>,
    pub(crate) loaded_ms: u64,
    /// Until when it answers without a thought: then it may be due early, or over, which `slot` knows.
    sure_until_ms: u64,
    /// Where it depends on one partition only, as most entries do.
    only: Option<(Arc<Knowledge>, Mark)>,
    /// At which count of changes its cells were last found to cover it.
    looked_at: AtomicU64,
    pub(crate) slot: Arc<Slot>,
    /// Up to the number that makes a difference: who is hit often shall not be written to.
    hits: AtomicU8,
}

impl Held {
    fn new(slot: Arc<Slot>) -> Self {
        let only = match &*slot.grounds {
            [root] => Some((root.ground.knowledge.clone(), root.mark)),
            _ => None,
        };
        Self {
            value: slot.value.clone(),
            loaded_ms: slot.loaded_ms,
            sure_until_ms: if slot.is_looked_at() { 0 } else { slot.lives.sure_until_ms() },
            only,
            // No count of changes is so large.
            looked_at: AtomicU64::new(u64::MAX),
            hits: AtomicU8::new(0),
            slot,
        }
    }

    /// Whether it may answer without anybody's word. Its cells are many and far apart, and seldom does any change between
    /// two hits: they are looked at again only then.
    #[inline]
    pub(crate) fn is_sure(&self, now_ms: u64, changes: &Changes) -> bool {
        let is_trusted = match &self.only {
            Some((knowledge, mark)) => knowledge.trust(*mark, now_ms) == Trust::Sure,
            None => self.slot.grounds.iter().all(|root| root.ground.knowledge.trust(root.mark, now_ms) == Trust::Sure),
        };
        // The count after the trust and before the cells: what changes later leaves it behind.
        let count = changes.count();
        now_ms < self.sure_until_ms
            && is_trusted
            && (self.looked_at.load(Ordering::Relaxed) == count || self.look(count))
    }

    #[cold]
    fn look(&self, count: u64) -> bool {
        let covers = |root: &Rooted| root.ground.cells.iter().all(|cell| cell.is_covered_by(root.mark));
        let is_covered = self.slot.grounds.iter().all(covers);
        if is_covered {
            self.looked_at.store(count, Ordering::Relaxed);
        }
        is_covered
    }

    /// Whether this hit is among the first `few`, give or take those of other threads.
    #[inline]
    pub(super) fn is_among_first(&self, few: u8) -> bool {
        let hits = self.hits.load(Ordering::Relaxed);
        if hits < few {
            self.hits.store(hits + 1, Ordering::Relaxed);
        }
        hits < few
    }
}

impl Index {
    pub(super) fn new() -> Self {
        Self(HashMap::builder().hasher(Prehashed).build())
    }

    /// Looks at an entry without taking it along: nobody waits for its count.
    #[inline]
    pub(super) fn with<T>(&self, print: Id, look: impl FnOnce(&Held) -> T) -> Option<T> {
        self.0.pin().get(&print).map(look)
    }

    pub(super) fn get(&self, print: Id) -> Option<Arc<Slot>> {
        self.with(print, |held| held.slot.clone())
    }

    /// Tells whether there was one in its place.
    pub(super) fn insert(&self, print: Id, slot: Arc<Slot>) -> bool {
        self.0.pin().insert(print, Held::new(slot)).is_some()
    }

    /// Removes an entry, unless another is in its place.
    pub(super) fn remove(&self, print: Id, slot: &Arc<Slot>) {
        let _removed = self.0.pin().remove_if(&print, |_, held| Arc::ptr_eq(&held.slot, slot));
    }

    #[cfg(test)]
    pub(super) fn all_but(&self, known: impl Fn(&Id, &Arc<Slot>) -> bool) -> Vec<String> {
        let guard = self.0.pin();
        let unknown = guard.iter().filter(|(print, held)| !known(print, &held.slot));
        unknown.map(|(print, _)| format!("{print:?} is held by nobody else")).collect()
    }
}
