//! Tables by [`Id`](super::Id): a fingerprint is a keyed hash already, and half of it is as good as hashing it again.

use std::hash::{BuildHasher, Hasher};

/// Builds hashers that take half of an [`Id`](super::Id).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Prehashed;

pub(crate) struct HalfOf(u64);

impl BuildHasher for Prehashed {
    type Hasher = HalfOf;

    #[inline]
    fn build_hasher(&self) -> HalfOf {
        HalfOf(0)
    }
}

impl Hasher for HalfOf {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    #[inline]
    fn write_u64(&mut self, half: u64) {
        self.0 = half;
    }

    #[inline]
    fn write_u128(&mut self, id: u128) {
        self.0 = (id >> 64) as u64;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
