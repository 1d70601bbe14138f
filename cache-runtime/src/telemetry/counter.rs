//! Counting on the way of a hit.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts in several places, so that threads that count at once do not wait for each other: `N` of them, which a thread
/// has side by side.
#[derive(Debug)]
pub(crate) struct Counter<const N: usize = 1>(Box<[Place<N>; PLACES]>);

const PLACES: usize = 8;

/// Alone on its cache lines, and on the next, which some processors fetch with them.
#[derive(Debug)]
#[repr(align(128))]
struct Place<const N: usize>([AtomicU64; N]);

thread_local! {
    /// The place of this thread: drawn when it first counts.
    static MINE: Cell<usize> = const { Cell::new(PLACES) };
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

impl<const N: usize> Default for Counter<N> {
    fn default() -> Self {
        let place = |_| Place(std::array::from_fn(|_| AtomicU64::new(0)));
        // Collected, so that they are never on the stack together.
        let places: Vec<Place<N>> = (0..PLACES).map(place).collect();
        Self(places.try_into().expect("there are as many as were made"))
    }
}

impl Counter {
    #[inline]
    pub(crate) fn count(&self) {
        self.count_at(0);
    }

    pub(crate) fn add(&self, by: u64) {
        self.0[place()].0[0].fetch_add(by, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.get_at(0)
    }
}

impl<const N: usize> Counter<N> {
    /// Counts one of them. `N` is a power of two, and what is beyond it wraps around: a hit is not to be checked for that.
    #[inline]
    pub(super) fn count_at(&self, at: usize) {
        const { assert!(N.is_power_of_two()) };
        self.0[place()].0[at & (N - 1)].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get_at(&self, at: usize) -> u64 {
        self.0.iter().map(|place| place.0[at].load(Ordering::Relaxed)).sum()
    }
}

#[inline]
fn place() -> usize {
    match MINE.get() {
        mine if mine < PLACES => mine,
        _ => drawn_place(),
    }
}

#[cold]
fn drawn_place() -> usize {
    let drawn = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES;
    MINE.set(drawn);
    drawn
}
