//! What this node has heard of the dependencies that its entries and flights have: a cell each.
//!
//! A cell is made before the store is read for a call, so that no bump between that read and the insertion is missed,
//! and lives as long as an entry or a flight points to it. Cells are only ever raised; one that is retired ends whatever
//! has it, for good.

use super::sequence::Mark;
use crate::key::{Id, Prehashed};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The mark of the last bump of one dependency or removal of one key that was heard of.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    mark: AtomicU64,
    /// How many invalidations of it this node has accepted and not yet performed.
    owed: AtomicU32,
}

impl Cell {
    /// Whether nothing was heard since `mark`, and nothing is owed. What is owed is read first: by the time that it is
    /// paid, the mark has been raised.
    pub(crate) fn is_covered_by(&self, mark: Mark) -> bool {
        !self.is_owed() && self.mark.load(Ordering::Acquire) <= mark.raw()
    }

    /// Whether this node has accepted an invalidation of it that the store has not performed yet.
    pub(crate) fn is_owed(&self) -> bool {
        self.owed.load(Ordering::Acquire) > 0
    }

    fn raise(&self, mark: Mark, changes: &Changes) {
        self.raised_from(mark, changes);
    }

    /// The same, and tells where it was before.
    pub(super) fn raised_from(&self, mark: Mark, changes: &Changes) -> u64 {
        let before = self.mark.fetch_max(mark.raw(), Ordering::AcqRel);
        changes.count_one();
        before
    }

    pub(super) fn owe(&self, changes: &Changes) {
        self.owed.fetch_add(1, Ordering::AcqRel);
        changes.count_one();
    }

    pub(super) fn pay(&self) {
        self.owed.fetch_sub(1, Ordering::AcqRel);
    }

    pub(crate) fn load(&self) -> u64 {
        self.mark.load(Ordering::Acquire)
    }
}

/// How often any cell came to cover less: who finds the same count again need not look at the cells again.
#[derive(Debug, Default)]
pub(crate) struct Changes(AtomicU64);

impl Changes {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// After the cell: who still finds the old count may answer as if it had come before.
    fn count_one(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// All cells of a process, by the hash of what they stand for.
#[derive(Debug)]
pub(crate) struct Cells {
    shards: Box<[Mutex<Shard>]>,
    changes: Changes,
}

#[derive(Debug)]
struct Shard {
    cells: HashMap<Id, Weak<Cell>, Prehashed>,
    sweep_at: usize,
}

const SHARDS: usize = 64;
const FIRST_SWEEP: usize = 64;

impl Cells {
    pub(crate) fn new() -> Self {
        let shard = || Mutex::new(Shard { cells: HashMap::default(), sweep_at: FIRST_SWEEP });
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), changes: Changes::default() }
    }

    /// The cell of a dependency or key, made if nobody has one.
    pub(crate) fn get(&self, id: Id) -> Arc<Cell> {
        let mut shard = self.shard(id);
        if let Some(cell) = shard.cells.get(&id).and_then(Weak::upgrade) {
            return cell;
        }
        let cell = Arc::new(Cell::default());
        shard.cells.insert(id, Arc::downgrade(&cell));
        shard.sweep_when_doubled();
        cell
    }

    /// Raises the cell of a dependency or key, if anybody has one.
    pub(crate) fn raise(&self, id: Id, mark: Mark) {
        if let Some(cell) = self.shard(id).cells.get(&id).and_then(Weak::upgrade) {
            cell.raise(mark, &self.changes);
        }
    }

    /// Ends all that has the cell of a dependency or key; what is asked for from now on gets another.
    ///
    /// For a change that has no mark. Who began to ask before it may have seen what was there before: whatever that
    /// puts into memory is as dead.
    pub(crate) fn retire(&self, id: Id) {
        let retired = self.shard(id).cells.remove(&id);
        if let Some(cell) = retired.as_ref().and_then(Weak::upgrade) {
            cell.raise(Mark::AFTER_ALL, &self.changes);
        }
    }

    /// The same of all of them.
    pub(crate) fn retire_all(&self) {
        for shard in &self.shards {
            let retired = std::mem::take(&mut shard.lock().unwrap_or_else(PoisonError::into_inner).cells);
            retired.values().filter_map(Weak::upgrade).for_each(|cell| cell.raise(Mark::AFTER_ALL, &self.changes));
        }
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    fn shard(&self, id: Id) -> MutexGuard<'_, Shard> {
        self.shards[(id.0 as usize) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Keeps the dead at no more than the living, at a cost that is constant on average.
    fn sweep_when_doubled(&mut self) {
        if self.cells.len() >= self.sweep_at {
            self.cells.retain(|_, cell| cell.strong_count() > 0);
            self.sweep_at = (self.cells.len() * 2).max(FIRST_SWEEP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_retired_cell_is_ended_and_what_comes_later_is_not() {
        let cells = Cells::new();
        let (before, other) = (cells.get(Id(1)), cells.get(Id(2)));
        cells.retire(Id(1));
        let latest = Mark::new(7, 7);
        assert!(!before.is_covered_by(latest) && cells.get(Id(1)).is_covered_by(latest));
        assert!(other.is_covered_by(latest));
        cells.retire_all();
        assert!(!other.is_covered_by(latest) && cells.get(Id(2)).is_covered_by(latest));
    }

    #[test]
    fn cells_that_nobody_points_to_are_swept() {
        let cells = Cells::new();
        for at in 0..100_000_u128 {
            drop(cells.get(Id(at)));
        }
        let left: usize = cells.shards.iter().map(|shard| shard.lock().expect("no panic").cells.len()).sum();
        assert!(left <= SHARDS * FIRST_SWEEP, "{left}");
    }
}
