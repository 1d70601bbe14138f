//! What answers: a lock-free table of the entries, by fingerprint.

use crate::cache::slot::Slot;
use crate::key::{Id, Prehashed};
use papaya::{Equivalent, Guard, HashSet, ResizeMode};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Index(HashSet<ByPrint, Prehashed>);

/// An entry knows its fingerprint, so the table need not have it once more.
#[derive(Debug)]
struct ByPrint(Arc<Slot>);

impl Index {
    /// It grows at once, as those beside it do: one that grows bit by bit has its readers ask two tables until enough was
    /// written, and where all is there that is asked for, that is for ever.
    pub(super) fn new() -> Self {
        Self(HashSet::builder().hasher(Prehashed).resize_mode(ResizeMode::Blocking).build())
    }

    /// Looks at an entry without taking it along: nobody waits for its count.
    #[inline]
    pub(super) fn with<T>(&self, print: Id, look: impl FnOnce(&Arc<Slot>) -> T) -> Option<T> {
        self.0.pin().get(&print).map(|held| look(&held.0))
    }

    pub(super) fn get(&self, print: Id) -> Option<Arc<Slot>> {
        self.with(print, Arc::clone)
    }

    /// In the place of the one that has its fingerprint, if there is one: at no moment is there none.
    pub(super) fn insert(&self, slot: Arc<Slot>) {
        self.0.pin().insert(ByPrint(slot));
    }

    pub(super) fn remove(&self, print: Id) {
        self.0.pin().remove(&print);
    }

    /// Has what was removed or replaced dropped as soon as nobody looks at it, and not with what this thread removes next.
    pub(super) fn drop_removed(&self) {
        self.0.guard().flush();
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        self.0.pin().iter().map(|held| held.0.clone()).collect()
    }
}

impl Equivalent<ByPrint> for Id {
    #[inline]
    fn equivalent(&self, held: &ByPrint) -> bool {
        *self == held.0.print
    }
}

impl Hash for ByPrint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.print.hash(state);
    }
}

impl PartialEq for ByPrint {
    fn eq(&self, other: &Self) -> bool {
        self.0.print == other.0.print
    }
}

impl Eq for ByPrint {}
