//! Where entries are held: side by side, so that a hit finds all that it looks at in few lines of the processor's cache.
//!
//! A hit looks at a place under a lock of that place alone, which it only tries to take, and shares with other hits.
//! Whoever changes a place tries as well, and where a hit is at it, comes back later. So nobody ever waits here, whatever
//! a value's clone or drop does meanwhile.

use super::segments::{Segments, Spot};
use super::sync::{RwLock, RwLockReadGuard};
use crate::key::Id;
use std::sync::TryLockError;

/// What lies in places: it knows its fingerprint.
pub(super) trait Printed {
    fn print(&self) -> Id;
}

/// All places, by their numbers.
#[derive(Debug)]
pub(super) struct Places<T>(Segments<RwLock<Option<T>>>);

/// A look at a place, and at nothing if it is empty.
pub(super) type Look<'a, T> = RwLockReadGuard<'a, Option<T>>;

/// The number of a place: that of its piece, and in the lower bits where it is in that.
pub(super) type Number = u32;

const AT_BITS: u32 = 24;
pub(super) const PIECES: usize = 1 << (Number::BITS - AT_BITS);

/// The first places come so many at once, and after so many pieces twice as many: each time an eighth of what there is.
const FIRST: usize = 8;
const STEPS: usize = 8;

/// How many places a piece has.
pub(super) fn len_of(piece: usize) -> usize {
    FIRST << (piece / STEPS).min((AT_BITS - FIRST.ilog2()) as usize)
}

#[inline]
fn spot(number: Number) -> Spot {
    Spot { piece: (number >> AT_BITS) as usize, at: number as usize & ((1 << AT_BITS) - 1) }
}

/// The number after another one.
pub(super) fn next(number: Number) -> Number {
    let Spot { piece, at } = spot(number);
    assert!(piece + 1 < PIECES, "there is no memory of so many places");
    if at + 1 < len_of(piece) { number + 1 } else { (piece as Number + 1) << AT_BITS }
}

impl<T: Printed> Places<T> {
    pub(super) fn new() -> Self {
        Self(Segments::new(PIECES))
    }

    /// What is held in a place, if it has this fingerprint.
    #[inline]
    pub(super) fn look(&self, number: Number, print: Id) -> Option<Look<'_, T>> {
        let place = unless_taken(self.0.get(spot(number))?.try_read())?;
        place.as_ref().is_some_and(|held| held.print() == print).then_some(place)
    }

    /// The same, whatever its fingerprint is.
    pub(super) fn at(&self, number: Number) -> Option<Look<'_, T>> {
        unless_taken(self.0.get(spot(number))?.try_read()).filter(|place| place.is_some())
    }

    /// Puts an entry into an empty place; or leaves it, if somebody is looking there.
    pub(super) fn put(&self, number: Number, held: &mut Option<T>) {
        let place = self.0.get_or_make(spot(number), len_of).and_then(|place| unless_taken(place.try_write()));
        if let Some(mut place) = place {
            *place = held.take();
        }
    }

    /// Empties a place; nothing if somebody is looking there.
    pub(super) fn take(&self, number: Number) -> Option<Option<T>> {
        unless_taken(self.0.get(spot(number))?.try_write()).map(|mut place| place.take())
    }
}

/// The lock, if it can be had at once. What a panic left behind one is as whole as what it found.
#[inline]
fn unless_taken<G>(tried: Result<G, TryLockError<G>>) -> Option<G> {
    match tried {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
