//! The table and the places of memory, by loom: it goes through the orders in which threads take turns, and through what
//! each may see of the others' memory, up to so many turns that are taken from a thread. The files are those of the
//! runtime, with loom's locks and atomics in them.
#![cfg(test)]
// Of the runtime's files there is more than is asked for here.
#![allow(dead_code)]

#[path = "../../cache-runtime/src/cache/l1/index.rs"]
mod index;
#[path = "../../cache-runtime/src/cache/l1/places.rs"]
mod places;
#[path = "../../cache-runtime/src/cache/l1/segments.rs"]
mod segments;

mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, AtomicUsize};
    pub(super) use loom::sync::{RwLock, RwLockReadGuard};

    /// So few that a bucket is soon full.
    pub(super) const WORDS: usize = 2;
}

mod key {
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
    pub(crate) struct Id(pub(crate) u128);

    pub(crate) type Prehashed = std::hash::RandomState;
}

use index::{Index, Upkeep};
use key::Id;
use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use places::Printed;

/// What lies in a place here: its fingerprint, and which one of those with that it is.
#[derive(Debug)]
struct Entry {
    print: Id,
    version: u64,
    /// Where who looks gives others a turn.
    looks: AtomicU64,
}

impl Printed for Entry {
    fn print(&self) -> Id {
        self.print
    }
}

/// Fingerprints that differ in what only the place knows: for the table they are one.
fn print(of: u64) -> Id {
    Id(u128::from(of))
}

fn entry(of: u64, version: u64) -> Entry {
    Entry { print: print(of), version, looks: AtomicU64::new(0) }
}

fn insert(index: &Index<Entry>, upkeep: &mut Upkeep<Entry>, entry: Entry) {
    let number = index.hold(upkeep, entry);
    index.show(upkeep, number);
}

/// What somebody finds who has no lock.
fn look(index: &Index<Entry>, print: Id) -> Option<u64> {
    let place = index.look(print)?;
    let entry = place.as_ref()?;
    entry.looks.load(Ordering::Relaxed);
    assert_eq!(entry.print, print, "another one's entry");
    Some(entry.version)
}

fn found(index: &Index<Entry>, upkeep: &Upkeep<Entry>, of: u64) -> Option<u64> {
    index.find(upkeep, print(of)).map(|number| index.at(number).version)
}

fn explore(turns: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(turns);
    builder.max_branches = 100_000;
    builder.check(model);
}

#[test]
fn who_looks_finds_its_own_or_nothing_while_places_change_hands() {
    explore(3, || {
        let (index, mut upkeep) = (Arc::new(Index::new()), Upkeep::default());
        insert(&index, &mut upkeep, entry(1, 1));
        let reader = {
            let index = index.clone();
            thread::spawn(move || {
                let one = look(&index, print(1));
                assert!(one.is_none_or(|version| version == 1), "{one:?}");
                let two = look(&index, print(2));
                assert!(two.is_none_or(|version| version == 7), "{two:?}");
            })
        };
        index.remove(&mut upkeep, print(1));
        // In the place of the first one, unless somebody looks there.
        insert(&index, &mut upkeep, entry(2, 7));
        assert_eq!((found(&index, &upkeep, 1), found(&index, &upkeep, 2)), (None, Some(7)));
        reader.join().expect("it finds its own");
        assert_eq!((look(&index, print(1)), look(&index, print(2))), (None, Some(7)));
    });
}

#[test]
fn what_replaces_another_is_found_and_the_other_goes_when_nobody_looks() {
    explore(3, || {
        let (index, mut upkeep) = (Arc::new(Index::new()), Upkeep::default());
        insert(&index, &mut upkeep, entry(1, 1));
        let reader = {
            let index = index.clone();
            thread::spawn(move || look(&index, print(1)))
        };
        insert(&index, &mut upkeep, entry(1, 2));
        assert_eq!(found(&index, &upkeep, 1), Some(2));
        let seen = reader.join().expect("it finds its own");
        assert!(seen.is_none_or(|version| version == 1 || version == 2), "{seen:?}");
        assert_eq!(look(&index, print(1)), Some(2));
        insert(&index, &mut upkeep, entry(2, 1));
        assert!(upkeep.take_gone().iter().any(|gone| gone.version == 1 && gone.print == print(1)));
    });
}

#[test]
fn what_is_there_is_found_again_after_the_table_has_grown() {
    // A bucket and its neighbour are full: the next one has no room in them.
    const FULL: u64 = 2 * sync::WORDS as u64;
    explore(2, || {
        let (index, mut upkeep) = (Arc::new(Index::new()), Upkeep::default());
        let tagged = |of: u64| Id(u128::from(of) << 98 | u128::from(of));
        let number_of = |index: &Index<Entry>, upkeep: &mut Upkeep<Entry>, of: u64| {
            let number = index.hold(upkeep, Entry { print: tagged(of), ..entry(0, of) });
            index.show(upkeep, number);
        };
        (0..FULL).for_each(|of| number_of(&index, &mut upkeep, of));
        let reader = {
            let index = index.clone();
            thread::spawn(move || {
                for of in [1, 2] {
                    let seen = look(&index, tagged(of));
                    assert!(seen.is_none_or(|version| version == of), "{seen:?}");
                }
            })
        };
        number_of(&index, &mut upkeep, FULL);
        reader.join().expect("it finds its own");
        for of in 0..=FULL {
            let number = index.find(&upkeep, tagged(of)).expect("it was put there");
            assert_eq!(index.at(number).version, of);
            assert_eq!(look(&index, tagged(of)), Some(of), "{of} is found without the lock");
        }
    });
}
