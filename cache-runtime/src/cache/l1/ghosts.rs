//! Fingerprints of what was evicted lately: who comes back soon was evicted too soon.

use crate::key::{Id, Prehashed};
use std::collections::{HashSet, VecDeque};

/// As many fingerprints as there are entries; half of each will do, since a mistake costs an entry's luck only.
#[derive(Debug, Default)]
pub(super) struct Ghosts {
    known: HashSet<Half, Prehashed>,
    oldest: VecDeque<Half>,
}

/// Half of a fingerprint.
type Half = u64;

impl Ghosts {
    pub(super) fn note(&mut self, print: Id, at_most: usize) {
        if self.known.insert(half(print)) {
            self.oldest.push_back(half(print));
        }
        while self.oldest.len() > at_most {
            // One that came back is forgotten already, or was noted anew and goes a little early.
            let _oldest = self.oldest.pop_front().is_some_and(|half| self.known.remove(&half));
        }
    }

    /// Whether it was noted. It is forgotten thereby.
    pub(super) fn take(&mut self, print: Id) -> bool {
        self.known.remove(&half(print))
    }
}

fn half(print: Id) -> Half {
    (print.0 >> 64) as u64
}
