//! The words of the invalidation protocol: partitions, and the stamps that order what happens in one.

use std::fmt;

/// A part of the dependencies and keys that shares one sequence of invalidations, hence one slot of a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Partition(pub u16);

impl Partition {
    /// The partition of a key or dependency, where there are `count` of them.
    ///
    /// CRC-32 (ISO-HDLC) modulo `count`: every process of every version must agree on it.
    pub fn of(text: &str, count: u16) -> Self {
        if count <= 1 {
            return Self(0);
        }
        Self((crc32fast::hash(text.as_bytes()) % u32::from(count)) as u16)
    }
}

/// A moment in a partition's history: which history, and how many invalidations it had seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Stamp {
    /// The random name of the history; a server that may have forgotten something begins a new one.
    pub epoch: u64,
    /// How many invalidations that history had seen.
    pub seq: u64,
}

impl Stamp {
    /// Whether a generation allows an entry with this stamp: the same history, and not bumped since.
    pub fn covers(self, generation: Stamp) -> bool {
        self.epoch == generation.epoch && generation.seq <= self.seq
    }

    /// Reads the form that [`Display`](fmt::Display) writes: sixteen hex digits, a colon, a decimal number.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text.as_bytes())
    }

    /// The same of a text that is read of a store, which every hit there has several of.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let (epoch, rest) = text.split_first_chunk::<EPOCH_DIGITS>()?;
        let (b':', seq) = rest.split_first()? else { return None };
        Some(Self { epoch: epoch_of(epoch)?, seq: seq_of(seq)? })
    }
}

/// How many an epoch has as a text.
const EPOCH_DIGITS: usize = 16;

#[inline]
fn epoch_of(digits: &[u8; EPOCH_DIGITS]) -> Option<u64> {
    let add = |so_far: u64, digit: &u8| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            b'A'..=b'F' => digit - b'A' + 10,
            _ => return None,
        };
        Some(so_far << 4 | u64::from(digit))
    };
    digits.iter().try_fold(0, add)
}

#[inline]
fn seq_of(digits: &[u8]) -> Option<u64> {
    let add = |so_far: u64, digit: &u8| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        so_far.checked_mul(10)?.checked_add(digit)
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, add) }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}:{}", self.epoch, self.seq)
    }
}

/// A random 64-bit name, for epochs and fences: unlikely to be met twice, and no secret.
pub(crate) fn random_name() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // The keys come from the system's randomness, once a thread, and differ with every RandomState after that.
    RandomState::new().hash_one(0)
}
