//! What this node has heard of the dependencies that its entries and flights have: a cell each.
//!
//! A cell is made before the store is read for a call, so that no bump between that read and the insertion is missed,
//! and lives as long as an entry or a flight points to it. Cells are only ever raised; one that is retired ends whatever
//! has it, for good.

use super::sequence::Mark;
use crate::key::{Id, Name};
use hashbrown::HashTable;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use triomphe::ThinArc;

/// The mark of the last bump of one dependency or removal of one key that was heard of.
///
/// In one allocation with the text, which entries keep nowhere else.
#[derive(Clone, Debug)]
pub(crate) struct Cell(ThinArc<Head, u8>);

#[derive(Debug)]
struct Head {
    half: Half,
    mark: AtomicU64,
    /// How many invalidations of it this node has accepted and not yet performed.
    owed: AtomicU32,
    kind: Kind,
}

/// What a cell is of. A key and a dependency may have the same text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Dependency,
    Key,
}

/// Half of an [`Id`]. Names that have it in common by chance are invalidated together, which costs a load.
type Half = u64;

/// What a cell takes up besides its text.
const BARE_BYTES: usize = size_of::<usize>() * 2 + size_of::<Head>();

/// So many have the cell of something common, as a function: nobody keeps it for one of them.
const MANY_HOLDERS: usize = 16;

impl Cell {
    fn new(half: Half, kind: Kind, text: &str) -> Self {
        let head = Head { half, mark: AtomicU64::new(0), owed: AtomicU32::new(0), kind };
        Self(ThinArc::from_header_and_slice(head, text.as_bytes()))
    }

    /// The text of the dependency; none of a key.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text_of(Kind::Dependency)
    }

    fn text_of(&self, kind: Kind) -> Option<&str> {
        std::str::from_utf8(&self.0.slice).ok().filter(|_| self.head().kind == kind)
    }

    /// Whether it is that of a dependency.
    pub(crate) fn is_of(&self, name: &Name) -> bool {
        self.is(half(name.id()), Kind::Dependency, name.as_str())
    }

    fn is(&self, half: Half, kind: Kind, text: &str) -> bool {
        self.head().half == half && self.head().kind == kind && self.0.slice == *text.as_bytes()
    }

    /// Whether both are one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq(self.head(), other.head())
    }

    /// Bytes that one who has it keeps by that; nothing if it is kept anyway.
    pub(crate) fn weight(&self) -> usize {
        let is_common = self.head().kind == Kind::Dependency && self.holders() > MANY_HOLDERS;
        let own = if is_common { 0 } else { BARE_BYTES + self.0.slice.len() + TABLE_BYTES };
        // Where entries come and go, there is a dead cell to every fourth.
        own + own / 4
    }

    /// Whether nothing was heard since `mark`, and nothing is owed. What is owed is read first: by the time that it is
    /// paid, the mark has been raised.
    pub(crate) fn is_covered_by(&self, mark: Mark) -> bool {
        !self.is_owed() && self.load() <= mark.raw()
    }

    /// Whether this node has accepted an invalidation of it that the store has not performed yet.
    pub(crate) fn is_owed(&self) -> bool {
        self.head().owed.load(Ordering::Acquire) > 0
    }

    fn raise(&self, mark: Mark, changes: &Changes) {
        self.raised_from(mark, changes);
    }

    /// The same, and tells where it was before.
    pub(super) fn raised_from(&self, mark: Mark, changes: &Changes) -> u64 {
        let before = self.head().mark.fetch_max(mark.raw(), Ordering::AcqRel);
        changes.count_one();
        before
    }

    pub(super) fn owe(&self, changes: &Changes) {
        self.head().owed.fetch_add(1, Ordering::AcqRel);
        changes.count_one();
    }

    pub(super) fn pay(&self) {
        self.head().owed.fetch_sub(1, Ordering::AcqRel);
    }

    pub(crate) fn load(&self) -> u64 {
        self.head().mark.load(Ordering::Acquire)
    }

    fn head(&self) -> &Head {
        &self.0.header.header
    }

    /// The table of cells included.
    fn holders(&self) -> usize {
        ThinArc::strong_count(&self.0)
    }
}

/// How often any cell came to cover less: who finds the same count again need not look at the cells again.
#[derive(Debug, Default)]
pub(crate) struct Changes(AtomicU64);

impl Changes {
    #[inline]
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// After the cell: who still finds the old count may answer as if it had come before.
    fn count_one(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// All cells of a process, by half of the hash of what they stand for.
#[derive(Debug)]
pub(crate) struct Cells {
    shards: Box<[Mutex<Shard>]>,
    changes: Changes,
}

#[derive(Debug)]
struct Shard {
    cells: HashTable<Cell>,
    sweep_at: usize,
}

const SHARDS: usize = 64;
const FIRST_SWEEP: usize = 64;

/// What the table takes up for a cell: a pointer and a byte, in places of which two thirds are taken.
const TABLE_BYTES: usize = (size_of::<usize>() + 1) * 3 / 2;

impl Cells {
    pub(crate) fn new() -> Self {
        let shard = || Mutex::new(Shard { cells: HashTable::new(), sweep_at: FIRST_SWEEP });
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), changes: Changes::default() }
    }

    /// The cell of a dependency, made if nobody has one.
    pub(crate) fn of(&self, dependency: &Name) -> Cell {
        self.get(dependency, Kind::Dependency)
    }

    /// The cell of a key, made if nobody has one.
    pub(crate) fn of_key(&self, key: &Name) -> Cell {
        self.get(key, Kind::Key)
    }

    fn get(&self, name: &Name, kind: Kind) -> Cell {
        let (mut shard, half) = (self.shard(name.id()), half(name.id()));
        if let Some(known) = shard.cells.find(half, |cell| cell.is(half, kind, name.as_str())) {
            return known.clone();
        }
        let cell = Cell::new(half, kind, name.as_str());
        shard.cells.insert_unique(half, cell.clone(), Cell::hash);
        shard.sweep_when_grown();
        cell
    }

    /// The keys of this process, whatever their namespace, that somebody has an entry or a load of and that fit.
    pub(crate) fn keys(&self, fits: impl Fn(&str) -> bool) -> Vec<String> {
        let mut keys = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let held = shard.cells.iter().filter(|cell| cell.is_held()).filter_map(|cell| cell.text_of(Kind::Key));
            keys.extend(held.filter(|key| fits(key)).map(str::to_owned));
        }
        keys
    }

    /// Raises the cells of what is called so, dependency and key, if anybody has one.
    pub(crate) fn raise(&self, id: Id, mark: Mark) {
        let (shard, half) = (self.shard(id), half(id));
        let all = shard.cells.iter_hash(half).filter(|cell| cell.head().half == half && cell.is_held());
        all.for_each(|cell| cell.raise(mark, &self.changes));
    }

    /// Ends all that has a cell of what is called so; what is asked for from now on gets another.
    ///
    /// For a change that has no mark. Who began to ask before it may have seen what was there before: whatever that
    /// puts into memory is as dead.
    pub(crate) fn retire(&self, id: Id) {
        let (mut shard, half) = (self.shard(id), half(id));
        while let Ok(retired) = shard.cells.find_entry(half, |cell| cell.head().half == half) {
            retired.remove().0.raise(Mark::AFTER_ALL, &self.changes);
        }
    }

    /// The same of all of them.
    pub(crate) fn retire_all(&self) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.cells.drain().for_each(|known| known.raise(Mark::AFTER_ALL, &self.changes));
        }
    }

    #[inline]
    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    fn shard(&self, id: Id) -> MutexGuard<'_, Shard> {
        self.shards[(id.0 as usize) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Keeps the dead at no more than half of the living, at a cost that is constant on average: three are looked at for one
    /// that comes.
    fn sweep_when_grown(&mut self) {
        if self.cells.len() >= self.sweep_at {
            self.cells.retain(|cell| cell.is_held());
            self.sweep_at = (self.cells.len() * 3 / 2).max(FIRST_SWEEP);
        }
    }
}

impl Cell {
    /// Whether anybody has it but the table, under whose lock this is asked: nobody else can come by it meanwhile.
    fn is_held(&self) -> bool {
        self.holders() > 1
    }

    /// Half of a keyed hash is as good as hashing it again.
    fn hash(&self) -> u64 {
        self.head().half
    }
}

/// The half that tables of entries go by as well; shards go by the other.
fn half(id: Id) -> Half {
    (id.0 >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(of: u32) -> Name {
        Name::new("", of.to_string(), 64)
    }

    #[test]
    fn what_has_a_retired_cell_is_ended_and_what_comes_later_is_not() {
        let cells = Cells::new();
        let (before, other) = (cells.of_key(&key(1)), cells.of_key(&key(2)));
        cells.retire(key(1).id());
        let latest = Mark::new(7, 7);
        assert!(!before.is_covered_by(latest) && cells.of_key(&key(1)).is_covered_by(latest));
        assert!(other.is_covered_by(latest));
        cells.retire_all();
        assert!(!other.is_covered_by(latest) && cells.of_key(&key(2)).is_covered_by(latest));
    }

    #[test]
    fn cells_that_nobody_points_to_are_swept() {
        let cells = Cells::new();
        for at in 0..100_000 {
            drop(cells.of_key(&key(at)));
        }
        let left: usize = cells.shards.iter().map(|shard| shard.lock().expect("no panic").cells.len()).sum();
        assert!(left <= SHARDS * FIRST_SWEEP, "{left}");
    }

    #[test]
    fn a_dependency_and_a_key_of_one_text_have_a_cell_each_and_are_ended_together() {
        let (cells, name) = (Cells::new(), Name::new("", "tag:x".to_owned(), 64));
        let (dependency, key) = (cells.of(&name), cells.of_key(&name));
        assert!(!dependency.is_same(&key) && dependency.is_same(&cells.of(&name)));
        assert_eq!((dependency.text(), key.text()), (Some("tag:x"), None));
        cells.raise(name.id(), Mark::new(1, 2));
        assert!([&dependency, &key].iter().all(|cell| !cell.is_covered_by(Mark::new(1, 1))));
        cells.retire(name.id());
        assert!([&dependency, &key].iter().all(|cell| !cell.is_covered_by(Mark::new(7, 7))));
        assert!(cells.of(&name).is_covered_by(Mark::new(1, 1)));
    }
}
