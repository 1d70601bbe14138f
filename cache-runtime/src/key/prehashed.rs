//! Tables that need no hash that withstands an adversary: by [`Id`](super::Id), which is a keyed hash already, half of
//! which is as good as hashing it again; and by what the program has, as addresses of functions.

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

/// Builds hashers of addresses and other small numbers that are the program's own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Addressed;

pub(crate) struct Mixed(u64);

impl BuildHasher for Addressed {
    type Hasher = Mixed;

    #[inline]
    fn build_hasher(&self) -> Mixed {
        Mixed(0)
    }
}

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The lowest bits of addresses are all the same.
    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
