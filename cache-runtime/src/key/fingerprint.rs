//! 128-bit fingerprints, keyed anew in each process, so that nobody outside can choose two that collide.
//!
//! SipHash-1-3: Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012.

use super::Id;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// Takes in typed arguments; what goes in differently comes out differently.
///
/// Text is preceded by its length and every number by its width, so that neighbours cannot run together.
pub struct Fingerprinter(SipHasher13);

static SECRET: LazyLock<(u64, u64)> = LazyLock::new(|| {
    let state = RandomState::new();
    (state.hash_one(0), state.hash_one(1))
});

impl Fingerprinter {
    pub(crate) fn new() -> Self {
        Self(SipHasher13::new_with_keys(SECRET.0, SECRET.1))
    }

    /// Takes in a text.
    pub fn text(&mut self, text: &str) {
        self.0.write_u64(text.len() as u64);
        self.0.write(text.as_bytes());
    }

    /// Takes in a number of a fixed width.
    pub fn fixed<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0.write_u8(N as u8);
        self.0.write(&bytes);
    }

    /// Takes in what kind of value follows, where one parameter can be of several types.
    pub fn kind(&mut self, kind: u8) {
        self.0.write_u8(kind);
    }

    /// Takes in how many elements follow.
    pub fn len(&mut self, len: usize) {
        self.0.write_u64(len as u64);
    }

    /// Takes in which variant of an enum follows.
    pub fn variant(&mut self, index: u32) {
        self.0.write_u32(index);
    }

    pub(crate) fn finish(self) -> Id {
        Id(self.0.finish128().as_u128())
    }
}

pub(super) fn hash_text(namespace: &str, text: &str) -> Id {
    let mut print = Fingerprinter::new();
    print.text(namespace);
    print.text(text);
    print.finish()
}
