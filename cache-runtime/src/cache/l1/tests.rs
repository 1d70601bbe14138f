//! Index, policy and names hold the same, and nothing that was raised answers, whatever races.

use super::*;
use crate::cache::cells::Cells;
use crate::cache::knowledge::Knowledge;
use crate::cache::lives::Lives;
use crate::cache::sequence::Mark;
use crate::cache::slot::{Backing, Ground, Retry, Rooted, Slot, Standing};
use crate::clock::Clock;
use crate::key::Id;
use crate::telemetry::Counter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

const CELL: Id = Id(7);

fn entries(capacity: u64) -> Entries {
    Entries::new(L1::max_entries(capacity), Counter::default(), Counter::default()).expect("it keeps something")
}

/// An entry that rests on one cell, up to `seq`.
fn slot(cells: &Cells, key: u128, seq: u64, expires_ms: u64) -> Arc<Slot> {
    let ground = Ground { knowledge: Arc::new(Knowledge::local()), cells: Box::new([cells.get(CELL)]) };
    Arc::new(Slot {
        value: Some(Arc::new(seq)),
        key: Id(key),
        is_strong: false,
        dependencies: Arc::new([]),
        grounds: Box::new([Rooted { ground, mark: Mark::new(1, seq) }]),
        backing: Backing::Nothing,
        loaded_ms: 0,
        load_cost_ms: 0,
        lives: Lives {
            fresh_until_ms: expires_ms,
            ttl_until_ms: expires_ms,
            early_from_ms: u64::MAX,
            due_from_ms: u64::MAX,
            ..Lives::default()
        },
        kept: Duration::from_millis(expires_ms),
        is_spare: false,
        retry: Retry::default(),
        reads: None,
        validators: None,
        weight: 1,
    })
}

/// Prints lie in the upper half too, which tables go by.
fn print(of: u64) -> Id {
    Id(u128::from(of).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// What a hit gives, by the rules of the hit.
fn hit(entries: &Entries, at: Id, cells: &Cells, now_ms: u64) -> Option<u64> {
    entries.hit(at, |held| {
        let seq = held.value.as_ref()?.downcast_ref::<u64>().copied()?;
        held.is_sure(now_ms, cells.changes()).then_some((seq, 0))
    })
}

#[test]
fn index_and_policy_hold_the_same_whatever_was_done() {
    let (entries, cells) = (entries(64), Cells::new());
    let work = |seed: u64| {
        let mut random = seed;
        let mut draw = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        for _ in 0..20_000 {
            let key = draw(128);
            let at = print(key);
            match draw(16) {
                0..6 => {
                    // Some are over as soon as they are there.
                    let expires_ms = if draw(8) == 0 { 0 } else { 60_000 };
                    entries.insert(at, slot(&cells, u128::from(key), 1, expires_ms));
                }
                6 => entries.remove_by_key(Id(u128::from(key))),
                7 => {
                    if let Some(slot) = entries.get(at) {
                        entries.discard(at, &slot);
                    }
                }
                // As a look into the store after a look into memory does.
                8 => {
                    if let Some(slot) = entries.get(at) {
                        entries.insert(at, slot);
                    }
                }
                _ => drop(hit(&entries, at, &cells, 1)),
            }
        }
    };
    thread::scope(|scope| (0..4).for_each(|seed| drop(scope.spawn(move || work(seed)))));
    let (held, _) = entries.size();
    assert!((1..=64).contains(&held), "{held}");
    assert_eq!(entries.disagreements(), Vec::<String>::new());
}

#[test]
fn what_a_hit_remembers_of_cells_changes_no_answer() {
    let (entries, cells, clock) = (entries(64), Cells::new(), Clock::manual());
    let mut random = 1_u64;
    let mut seq = 1;
    for step in 0..50_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = print(random >> 60);
        match (random >> 40) % 16 {
            0 => {
                seq += 1;
                cells.raise(CELL, Mark::new(1, seq - (random >> 20) % 2));
            }
            1 => clock.advance(Duration::from_millis(1)),
            2..5 => entries.insert(at, slot(&cells, 0, seq - (random >> 30) % 2, clock.now_ms() + random % 40)),
            _ => {
                let expected = entries.get(at).filter(|slot| slot.standing(clock.now_ms()) == Standing::Valid);
                let found = hit(&entries, at, &cells, clock.now_ms());
                assert_eq!(found.is_some(), expected.is_some(), "step {step}");
            }
        }
    }
}

#[test]
fn no_hit_is_from_before_a_raise_that_was_over() {
    let (entries, cells) = (entries(64), Cells::new());
    let (raised, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let at = print(1);
    let read = || {
        let mut hits = 0;
        while !is_over.load(Ordering::Relaxed) {
            let before = raised.load(Ordering::Acquire);
            if let Some(seq) = hit(&entries, at, &cells, 1) {
                hits += 1;
                assert!(seq >= before, "{seq} after {before} was raised");
            }
        }
        hits
    };
    thread::scope(|scope| {
        let readers = [(); 3].map(|()| scope.spawn(read));
        for seq in 1..=20_000 {
            entries.insert(at, slot(&cells, 1, seq, u64::MAX));
            cells.raise(CELL, Mark::new(1, seq + 1));
            raised.store(seq + 1, Ordering::Release);
        }
        is_over.store(true, Ordering::Relaxed);
        // On one slow core they may have had no turn in between.
        let _hits: u64 = readers.map(|reader| reader.join().expect("nothing stale was read")).into_iter().sum();
    });
    assert_eq!(hit(&entries, at, &cells, 1), None);
}

#[test]
fn an_index_forgets_what_the_policy_lets_go_for_room() {
    let (entries, cells) = (entries(10), Cells::new());
    for key in 0..1_000 {
        entries.insert(print(key), slot(&cells, u128::from(key), 1, u64::MAX));
    }
    assert_eq!(entries.size().0, 10);
    let left = (0..1_000).filter(|key| entries.get(print(*key)).is_some()).count();
    assert_eq!(left, 10);
}
