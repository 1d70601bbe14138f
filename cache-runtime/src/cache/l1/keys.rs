//! Which fingerprint an entry of a key is held under, so that it can be found and removed without its typed arguments.

use crate::cache::slot::Slot;
use crate::key::Id;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The fingerprint of each key; the latest, if there are several.
#[derive(Debug)]
pub(super) struct KeyIndex(Box<[Mutex<Prints>]>);

/// A key's fingerprint, and which slot it was noted for: moka may tell of an old slot after a new one is in place.
type Prints = HashMap<Id, (Id, usize)>;

impl KeyIndex {
    pub(super) fn new() -> Self {
        Self((0..64).map(|_| Mutex::default()).collect())
    }

    pub(super) fn note(&self, key: Id, print: Id, slot: &Arc<Slot>) {
        self.shard(key).insert(key, (print, Arc::as_ptr(slot) as usize));
    }

    pub(super) fn forget(&self, key: Id, print: Id, slot: &Arc<Slot>) {
        let mut shard = self.shard(key);
        if shard.get(&key) == Some(&(print, Arc::as_ptr(slot) as usize)) {
            shard.remove(&key);
        }
    }

    pub(super) fn print_of(&self, key: Id) -> Option<Id> {
        self.shard(key).get(&key).map(|(print, _)| *print)
    }

    fn shard(&self, key: Id) -> MutexGuard<'_, Prints> {
        self.0[(key.0 as usize) % 64].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
