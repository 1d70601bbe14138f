//! Rows of things that are never moved: there can be more of them while others are looked at.

use std::sync::OnceLock;

/// A row in pieces, of which more are made and none is taken away.
#[derive(Debug)]
pub(super) struct Segments<T>(Box<[OnceLock<Box<[T]>>]>);

/// Where something lies: in which piece, and in which of its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) piece: usize,
    pub(super) at: usize,
}

impl<T: Default> Segments<T> {
    /// Room for so many pieces, and none of them yet.
    pub(super) fn new(pieces: usize) -> Self {
        Self((0..pieces).map(|_| OnceLock::new()).collect())
    }

    #[inline]
    pub(super) fn get(&self, spot: Spot) -> Option<&T> {
        self.0.get(spot.piece)?.get()?.get(spot.at)
    }

    /// The same, and makes the piece if there is none, of the length that it is to have.
    pub(super) fn get_or_make(&self, spot: Spot, len_of: impl Fn(usize) -> usize) -> Option<&T> {
        let make = || (0..len_of(spot.piece)).map(|_| T::default()).collect();
        self.0.get(spot.piece)?.get_or_init(make).get(spot.at)
    }
}
