//! Index, queues and names hold the same, and nothing that was raised answers, whatever races.

use super::*;
use crate::cache::backing::Backing;
use crate::cache::cells::Cells;
use crate::cache::ground::Ground;
use crate::cache::knowledge::Knowledge;
use crate::cache::lives::Lives;
use crate::cache::sequence::Mark;
use crate::cache::slot::{Made, Slot, Standing};
use crate::clock::Clock;
use crate::key::{Id, Key};
use crate::policy::{Eviction, L1};
use crate::telemetry::{Group, Meters};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

mod tables;

/// What all entries here rest on.
fn ground() -> Key {
    Key::new("", "ground".to_owned(), 64)
}

fn entries(capacity: u64) -> Entries {
    of(L1::max_entries(capacity), &Clock::manual())
}

fn of(size: L1, clock: &Clock) -> Entries {
    Entries::new(size, Arc::new(Meters::new(None)), Arc::default(), clock.clone()).expect("it keeps something")
}

/// An entry that rests on one cell, up to `seq`.
fn slot(cells: &Cells, key: u128, seq: u64, expires_ms: u64) -> Slot {
    Slot::new(made(cells, key, seq, expires_ms))
}

fn made(cells: &Cells, key: u128, seq: u64, expires_ms: u64) -> Made {
    let ground = Ground { knowledge: Arc::new(Knowledge::local()), cells: Box::new([cells.of_key(&ground())]) };
    Made {
        value: Some(Arc::new(seq)),
        value_bytes: key as usize % 32 * 16,
        print: print(key as u64),
        key: Id(key),
        roots: vec![ground.rooted(Mark::new(1, seq))],
        backing: Backing::Nothing,
        loaded_ms: 0,
        load_cost_ms: 0,
        lives: Lives::only_until(expires_ms),
        retry_at_ms: 0,
        is_strong: false,
        is_spare: false,
        reads: None,
        region: Region::SHARED,
        group: Group::BY_HAND,
        told_as: None,
        validators: None,
    }
}

/// Prints lie in the upper half too, which tables go by.
fn print(of: u64) -> Id {
    Id(u128::from(of).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// What a hit gives, by the rules of the hit.
fn hit(entries: &Entries, at: Id, cells: &Cells, now_ms: u64) -> Option<u64> {
    entries.hit(at, |held| {
        let seq = held.value.as_ref()?.downcast_ref::<u64>().copied()?;
        held.is_sure(now_ms, cells.changes()).then_some(seq)
    })
}

/// Numbers below a limit, the same for a seed.
fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut random = seed;
    move |below| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    }
}

#[test]
fn index_queues_and_names_hold_the_same_whatever_was_done() {
    let (entries, cells) = (entries(64), Cells::new());
    let work = |seed: u64| {
        let mut draw = random(seed);
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
                        entries.insert(at, Slot::clone(&slot));
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
                cells.raise(ground().id(), Mark::new(1, seq - (random >> 20) % 2));
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
            cells.raise(ground().id(), Mark::new(1, seq + 1));
            raised.store(seq + 1, Ordering::Release);
        }
        is_over.store(true, Ordering::Relaxed);
        // On one slow core they may have had no turn in between.
        let _hits: u64 = readers.map(|reader| reader.join().expect("nothing stale was read")).into_iter().sum();
    });
    assert_eq!(hit(&entries, at, &cells, 1), None);
}

#[test]
fn the_index_forgets_what_goes_for_room() {
    let (entries, cells) = (entries(10), Cells::new());
    for key in 0..1_000 {
        entries.insert(print(key), slot(&cells, u128::from(key), 1, u64::MAX));
    }
    assert_eq!(entries.size().0, 10);
    let left = (0..1_000).filter(|key| entries.get(print(*key)).is_some()).count();
    assert_eq!(left, 10);
}

/// T01: never, not even while room is made.
#[test]
fn what_answers_never_weighs_more_than_the_bound() {
    const BOUND: u64 = 20_000;
    let (entries, cells, is_over) = (of(L1::max_bytes(BOUND), &Clock::manual()), Cells::new(), AtomicBool::new(false));
    let work = |seed: u64| {
        let mut draw = random(seed);
        for _ in 0..20_000 {
            let key = draw(200);
            match draw(8) {
                0 => entries.remove_by_key(Id(u128::from(key))),
                1..4 => drop(hit(&entries, print(key), &cells, 1)),
                // A replacement of another weight.
                _ => entries.insert(print(key), slot(&cells, u128::from(key + 16 * draw(2)), 1, u64::MAX)),
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3).map(|seed| scope.spawn(move || work(seed))).collect();
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let (_, weight) = entries.size();
                assert!(weight <= BOUND, "{weight}");
            }
        });
        workers.into_iter().for_each(|worker| worker.join().expect("it does not panic"));
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(entries.disagreements(), Vec::<String>::new());
    assert!(entries.size().1 > BOUND / 2, "{:?}", entries.size());
}

#[test]
fn what_is_heavier_than_the_bound_is_not_kept_and_moves_nobody() {
    let (entries, cells) = (of(L1::max_bytes(2_000), &Clock::manual()), Cells::new());
    entries.insert(print(1), slot(&cells, 1, 1, u64::MAX));
    let heavy = |print: Id| Slot::new(Made { print, value_bytes: 2_000, ..made(&cells, 3, 1, u64::MAX) });
    entries.insert(print(2), heavy(print(2)));
    assert!(entries.get(print(2)).is_none() && entries.get(print(1)).is_some());
    // What it would have replaced is older than it.
    entries.insert(print(1), heavy(print(1)));
    assert_eq!(entries.size(), (0, 0));
}

#[test]
fn what_is_asked_for_again_outlives_a_scan() {
    let (entries, cells) = (entries(100), Cells::new());
    for key in 0..50 {
        entries.insert(print(key), slot(&cells, u128::from(key), 1, u64::MAX));
        (0..2).for_each(|_| assert_eq!(hit(&entries, print(key), &cells, 1), Some(1)));
    }
    for key in 1_000..2_000 {
        entries.insert(print(key), slot(&cells, u128::from(key), 1, u64::MAX));
    }
    let left = (0..50).filter(|key| entries.get(print(*key)).is_some()).count();
    assert_eq!(left, 50);
}

#[test]
fn what_comes_back_soon_after_it_went_outlives_what_does_not() {
    let (entries, cells) = (entries(100), Cells::new());
    let insert = |key: u64| entries.insert(print(key), slot(&cells, u128::from(key), 1, u64::MAX));
    (0..150).for_each(insert);
    assert!(entries.get(print(7)).is_none());
    insert(7);
    (200..350).for_each(insert);
    assert!(entries.get(print(7)).is_some() && entries.get(print(149)).is_none());
}

#[test]
fn an_lru_keeps_what_was_asked_for_last() {
    let (entries, cells) = (of(L1::max_entries(100).policy(Eviction::Lru), &Clock::manual()), Cells::new());
    let insert = |key: u64| entries.insert(print(key), slot(&cells, u128::from(key), 1, u64::MAX));
    (0..100).for_each(insert);
    (0..50).for_each(|key| assert_eq!(hit(&entries, print(key), &cells, 1), Some(1)));
    (100..150).for_each(insert);
    let left: Vec<u64> = (0..150).filter(|key| entries.get(print(*key)).is_some()).collect();
    assert_eq!(left, (0..50).chain(100..150).collect::<Vec<_>>());
}

/// T05: with room for far more than that.
#[test]
fn keys_that_never_come_again_take_up_at_most_as_much_again_as_what_is_alive() {
    let (clock, cells) = (Clock::manual(), Cells::new());
    let entries = of(L1::max_entries(1_000_000), &clock);
    for key in 0..50_000 {
        clock.advance(Duration::from_millis(1));
        entries.insert(print(key), slot(&cells, u128::from(key), 1, clock.now_ms() + 1_000));
        assert!(entries.size().0 <= 2_000, "{:?} after {key}", entries.size());
    }
    assert_eq!(entries.disagreements(), Vec::<String>::new());
}

#[test]
fn who_asks_how_much_there_is_finds_what_is_over_gone_by_and_by() {
    let (clock, cells) = (Clock::manual(), Cells::new());
    let entries = of(L1::max_entries(1_000), &clock);
    (0..1_000).for_each(|key| entries.insert(print(key), slot(&cells, u128::from(key), 1, clock.now_ms() + 1_000)));
    assert_eq!(entries.size().0, 1_000);
    clock.advance(Duration::from_secs(1));
    (0..100).for_each(|_| assert!(entries.size().0 <= 1_000));
    assert_eq!(entries.size(), (0, 0));
}

#[test]
fn what_is_replaced_or_removed_leaves_nothing_behind() {
    let (entries, cells) = (entries(1_000), Cells::new());
    let before: Vec<_> = (0..100).map(|key| slot(&cells, key, 1, u64::MAX)).collect();
    for round in 0..100 {
        before.iter().for_each(|slot| entries.insert(slot.print, slot.clone()));
        if round % 2 == 0 {
            (0..100).for_each(|key| entries.remove_by_key(Id(key)));
        }
    }
    assert_eq!(entries.size().0, 100);
    assert!(entries.places() <= 250, "{}", entries.places());
}

#[test]
fn what_is_large_does_not_outlive_its_removal() {
    let (entries, cells) = (entries(10), Cells::new());
    let insert = |key: u64, value: &Arc<Vec<u8>>| {
        let value: crate::codec::Value = value.clone();
        let large = Made { value: Some(value), value_bytes: 1 << 20, ..made(&cells, u128::from(key), 1, u64::MAX) };
        entries.insert(print(key), Slot::new(large));
    };
    let (replaced, removed, evicted) = (Arc::new(vec![1]), Arc::new(vec![2]), Arc::new(vec![3]));
    [&replaced, &removed].into_iter().for_each(|value| insert(1, value));
    assert_eq!(Arc::strong_count(&replaced), 1);
    entries.remove_by_key(Id(1));
    assert_eq!(Arc::strong_count(&removed), 1);
    insert(2, &evicted);
    (10..30).for_each(|key| entries.insert(print(key), slot(&cells, u128::from(key), 1, u64::MAX)));
    assert_eq!(Arc::strong_count(&evicted), 1);
    let (entries, last) = (self::entries(1), Arc::new(vec![4]));
    for value in [&replaced, &last] {
        let shared: crate::codec::Value = value.clone();
        let key = value[0];
        let made = Made { value: Some(shared), ..made(&cells, u128::from(key), 1, u64::MAX) };
        entries.insert(print(u64::from(key)), Slot::new(made));
    }
    // Whatever comes, and if nothing does.
    assert_eq!((Arc::strong_count(&replaced), Arc::strong_count(&last)), (1, 2));
}

/// Whoever changes a place where somebody is looking leaves it, and comes back.
#[test]
fn what_is_looked_at_is_there_until_the_look_is_over() {
    let (entries, cells) = (entries(10), Cells::new());
    let value = Arc::new(7_u64);
    let of = |value: &Arc<u64>| {
        let value: crate::codec::Value = value.clone();
        Slot::new(Made { value: Some(value), ..made(&cells, 1, 1, u64::MAX) })
    };
    entries.insert(print(1), of(&value));
    let other = Arc::new(8_u64);
    let looked = entries.hit(print(1), |held| {
        entries.remove_by_key(Id(1));
        assert!(entries.get(print(1)).is_none());
        (0..20).for_each(|_| entries.insert(print(1), of(&other)));
        held.value.as_ref()?.downcast_ref::<u64>().copied()
    });
    assert_eq!(looked, Some(7));
    assert_eq!(Arc::strong_count(&value), 2, "nobody has come by since");
    assert_eq!(entries.size().0, 1);
    assert_eq!((Arc::strong_count(&value), Arc::strong_count(&other)), (1, 2));
    assert_eq!(hit(&entries, print(1), &cells, 1), Some(8));
}
