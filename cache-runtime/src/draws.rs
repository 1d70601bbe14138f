//! What tests alter bytes by: in every run the same.

/// Draws numbers, by xorshift (Marsaglia, "Xorshift RNGs", 2003).
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    /// Changes what Redis says in up to five places, by what it is written with, and cuts it short.
    #[cfg(feature = "redis")]
    pub(crate) fn alter(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(3) {
                0 => bytes[at] = b"*$:+-\r\n0123456789\xff"[self.below(18)],
                1 => _ = bytes.remove(at),
                _ => bytes.insert(at, b"*$:\r\n9"[self.below(6)]),
            }
        }
        bytes.truncate(self.below(bytes.len()) + 1);
    }
}
