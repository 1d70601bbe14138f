//! Entries by their keys, so that one can be found and removed without its typed arguments.

use super::held::Held;
use super::index::Index;
use super::places::Number;
use crate::key::Id;
use hashbrown::HashTable;

/// The entry of each key; the latest, if there are several.
#[derive(Debug, Default)]
pub(super) struct Names(HashTable<Number>);

impl Names {
    pub(super) fn note(&mut self, index: &Index<Held>, number: Number) {
        let key = index.at(number).key;
        match self.0.find_mut(hash(key), |noted| index.at(*noted).key == key) {
            Some(noted) => *noted = number,
            None => drop(self.0.insert_unique(hash(key), number, |noted| hash(index.at(*noted).key))),
        }
    }

    /// Forgets an entry, unless another of its key was noted since.
    pub(super) fn forget(&mut self, index: &Index<Held>, number: Number) {
        if let Ok(noted) = self.0.find_entry(hash(index.at(number).key), |noted| *noted == number) {
            noted.remove();
        }
    }

    pub(super) fn get(&self, index: &Index<Held>, key: Id) -> Option<Number> {
        self.0.find(hash(key), |noted| index.at(*noted).key == key).copied()
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = Number> {
        self.0.iter().copied()
    }
}

/// A key's name is a keyed hash already, and half of it is as good as hashing it again.
fn hash(key: Id) -> u64 {
    (key.0 >> 64) as u64
}
