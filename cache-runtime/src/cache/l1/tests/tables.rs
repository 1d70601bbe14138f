//! Places, buckets and queues by themselves.

use super::super::held::Held;
use super::super::index::{Index, Upkeep};
use super::super::places::{self, Places};
use super::super::queues::{MAX_TURNS, Queues};
use super::*;

fn held(cells: &Cells, key: u128, seq: u64, expires_ms: u64) -> Held {
    Held::new(slot(cells, key, seq, expires_ms))
}

#[test]
fn places_have_numbers_of_their_own() {
    let (places, cells) = (Places::new(), Cells::new());
    let mut number = 0;
    for key in 0..10_000 {
        let mut held = Some(held(&cells, key, 1, u64::MAX));
        places.put(number, &mut held);
        assert!(held.is_none(), "{number:x}");
        number = places::next(number);
    }
    let mut number = 0;
    for key in 0..10_000 {
        assert!(places.look(number, print(key)).is_some() && places.look(number, print(key + 1)).is_none());
        number = places::next(number);
    }
    assert!((0..places::PIECES).map(places::len_of).sum::<usize>() > 1 << 30);
}

/// Buckets are few at first, and what they have no room for lies beside them.
#[test]
fn what_is_held_is_found_however_many_there_are() {
    let (index, mut upkeep, cells) = (Index::new(), Upkeep::default(), Cells::new());
    let mut is_held = Vec::new();
    for key in 0..5_000 {
        let number = index.hold(&mut upkeep, held(&cells, u128::from(key), 1, u64::MAX));
        index.show(&mut upkeep, number);
        is_held.push(true);
        if key % 3 == 0 {
            index.remove(&mut upkeep, print(key / 2));
            is_held[key as usize / 2] = false;
        }
        if key % 500 == 0 {
            for (of, is_held) in (0..).zip(&is_held) {
                let found = index.find(&upkeep, print(of)).map(|number| index.at(number).key);
                assert_eq!(found, is_held.then_some(Id(u128::from(of))), "{of} at {key}");
                assert_eq!(index.look(print(of)).is_some(), *is_held, "{of} without the lock, at {key}");
            }
        }
    }
}

#[test]
fn few_are_passed_over_for_one_that_goes_whatever_their_hits() {
    const FULL: u64 = 2_000;
    let cells = Cells::new();
    for eviction in [Eviction::Lru, Eviction::S3Fifo] {
        let mut queues = Queues::new(L1::max_entries(FULL).policy(eviction));
        let (index, mut upkeep) = (Index::new(), Upkeep::default());
        let mut come = |key: u64, queues: &mut Queues| {
            let number = index.hold(&mut upkeep, held(&cells, u128::from(key), 1, u64::MAX));
            queues.push(&index, number);
            number
        };
        let all: Vec<_> = (0..FULL).map(|key| come(key, &mut queues)).collect();
        for key in 0..10 {
            all.iter().for_each(|number| index.at(*number).seat.set_hits(3));
            come(FULL + key, &mut queues);
            assert!(queues.evict(&index).is_some() && queues.evict(&index).is_none());
            let passed_over = all.iter().filter(|number| index.at(**number).seat.hits() < 3).count();
            assert!(passed_over <= MAX_TURNS as usize, "{passed_over} by {eviction:?}");
        }
        assert_eq!(queues.len() as u64, FULL);
    }
}
