//! An entry in its place, and whether it may answer a hit.

use super::places::Printed;
use crate::cache::cells::Changes;
use crate::cache::ground::Root;
use crate::cache::slot::Slot;
use crate::key::Id;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

/// An entry in its place.
#[derive(Debug)]
pub(crate) struct Held {
    slot: Slot,
    /// At which count of changes its cells were last found to cover it. At first one that is never reached.
    looked: AtomicU64,
}

/// No count of changes is so large.
const NEVER: u64 = u64::MAX;

impl Held {
    pub(super) fn new(slot: Slot) -> Self {
        Self { slot, looked: AtomicU64::new(NEVER) }
    }

    /// Whether it may answer without anybody's word. Its cells are many and far apart, and seldom does any change between
    /// two hits: they are looked at again only then.
    #[inline]
    pub(crate) fn is_sure(&self, now_ms: u64, changes: &Changes) -> bool {
        let is_trusted = self.slot.is_trusted(now_ms);
        // The count after the trust and before the cells: what changes later leaves it behind.
        let count = changes.count();
        is_trusted && (self.looked.load(Ordering::Relaxed) == count || self.look(count))
    }

    #[cold]
    fn look(&self, count: u64) -> bool {
        let is_covered = self.slot.roots().all(Root::is_covered);
        if is_covered {
            self.looked.store(count, Ordering::Relaxed);
        }
        is_covered
    }
}

impl Deref for Held {
    type Target = Slot;

    #[inline]
    fn deref(&self) -> &Slot {
        &self.slot
    }
}

impl Printed for Held {
    #[inline]
    fn print(&self) -> Id {
        self.slot.print
    }
}
