//! Entries by their keys, so that one can be found and removed without its typed arguments.

use crate::cache::slot::Slot;
use crate::key::{Id, Prehashed};
use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The entry of each key; the latest, if there are several.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<ByKey, Prehashed>);

#[derive(Debug)]
struct ByKey(Arc<Slot>);

impl Names {
    pub(super) fn note(&mut self, slot: Arc<Slot>) {
        self.0.replace(ByKey(slot));
    }

    /// Forgets an entry, unless another of its key was noted since.
    pub(super) fn forget(&mut self, slot: &Arc<Slot>) {
        if self.get(slot.key).is_some_and(|noted| Arc::ptr_eq(noted, slot)) {
            self.0.remove(&slot.key);
        }
    }

    pub(super) fn get(&self, key: Id) -> Option<&Arc<Slot>> {
        self.0.get(&key).map(|noted| &noted.0)
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.0.iter().map(|noted| &noted.0)
    }
}

impl Borrow<Id> for ByKey {
    fn borrow(&self) -> &Id {
        &self.0.key
    }
}

impl Hash for ByKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

impl PartialEq for ByKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for ByKey {}
