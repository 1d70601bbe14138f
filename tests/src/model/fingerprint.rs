//! Which states were seen: 128 bits of each, in a table of open addressing, so that tens of millions fit into memory.
//!
//! Two different states with one fingerprint would hide one of them; among 10^8 states that is less likely than 10^-22.

use std::hash::{Hash, Hasher};

const FIRST_SLOTS: usize = 1 << 12;
const MULTIPLIERS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];

/// A set of fingerprints.
pub(super) struct Seen {
    slots: Vec<u128>,
    count: usize,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self { slots: vec![0; FIRST_SLOTS], count: 0 }
    }

    /// Notes a fingerprint; tells whether it is new.
    pub(super) fn insert(&mut self, print: u128) -> bool {
        if (self.count + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let is_new = place(&mut self.slots, print);
        self.count += usize::from(is_new);
        is_new
    }

    fn grow(&mut self) {
        let mut larger = vec![0; self.slots.len() * 2];
        for print in self.slots.iter().filter(|print| **print != 0) {
            place(&mut larger, *print);
        }
        self.slots = larger;
    }
}

fn place(slots: &mut [u128], print: u128) -> bool {
    let mask = slots.len() - 1;
    let mut at = print as usize & mask;
    while slots[at] != 0 {
        if slots[at] == print {
            return false;
        }
        at = (at + 1) & mask;
    }
    slots[at] = print;
    true
}

/// The fingerprint of a state; never 0.
pub(super) fn fingerprint(state: &impl Hash) -> u128 {
    let mut folded = Folded { lanes: MULTIPLIERS, word: 0, shift: 0 };
    state.hash(&mut folded);
    folded.flush();
    let [low, high] = folded.lanes.map(|lane| fold(lane, MULTIPLIERS[1]));
    ((u128::from(high) << 64) | u128::from(low)).max(1)
}

/// Two lanes of multiplications folded to their width, as in wyhash (Wang Yi, 2019); bytes are gathered to words before.
struct Folded {
    lanes: [u64; 2],
    word: u64,
    shift: u32,
}

impl Folded {
    fn flush(&mut self) {
        let [low, high] = self.lanes;
        self.lanes = [fold(low ^ self.word, MULTIPLIERS[0]), fold(high.rotate_left(23) ^ self.word, MULTIPLIERS[1])];
        (self.word, self.shift) = (0, 0);
    }
}

fn fold(word: u64, multiplier: u64) -> u64 {
    let product = u128::from(word) * u128::from(multiplier);
    (product as u64) ^ ((product >> 64) as u64)
}

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u8(*byte));
    }

    fn write_u8(&mut self, byte: u8) {
        self.word |= u64::from(byte) << self.shift;
        self.shift += 8;
        if self.shift == 64 {
            self.flush();
        }
    }

    // Lengths of arrays and the numbers of variants, all of them small.
    fn write_usize(&mut self, number: usize) {
        self.write_u8(number as u8);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u8(number as u8);
    }

    fn finish(&self) -> u64 {
        self.lanes[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fingerprint_is_new_once() {
        let mut seen = Seen::new();
        let mut new = || (0..100_000_u32).filter(|number| seen.insert(fingerprint(&number.to_le_bytes()))).count();
        assert_eq!((new(), new()), (100_000, 0));
    }
}
