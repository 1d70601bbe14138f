//! The process's memory: entries that answer without the store, as long as nothing that they depend on has changed.
//!
//! What stays is decided in `entries.rs`, and `index.rs` answers. Whether an entry may answer, `slot.rs` says.

mod entries;
mod index;
mod keys;

pub(crate) use entries::Entries;

/// How much the process's memory may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct L1 {
    capacity: Capacity,
    eviction: Eviction,
}

/// Which entries make room for others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Eviction {
    /// TinyLFU admission before an LRU: an entry has to be asked for more often than the one it would replace. Bears
    /// scans, and best where some keys stay popular. Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache
    /// Admission Policy", ACM Transactions on Storage 13(4), 2017.
    #[default]
    TinyLfu,
    /// The least recently used entry goes. Best where what was just asked for is asked for again.
    Lru,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Capacity {
    Off,
    Entries(u64),
    Bytes(u64),
}

impl L1 {
    /// At most this many bytes, each entry weighing its encoded size and its book-keeping.
    pub fn max_bytes(bytes: u64) -> Self {
        Self { capacity: Capacity::Bytes(bytes), eviction: Eviction::default() }
    }

    /// At most this many entries, whatever their sizes.
    pub fn max_entries(entries: u64) -> Self {
        Self { capacity: Capacity::Entries(entries), eviction: Eviction::default() }
    }

    /// No entries: every call asks the store.
    pub fn off() -> Self {
        Self { capacity: Capacity::Off, eviction: Eviction::default() }
    }

    /// Which entries make room for others.
    #[must_use]
    pub fn policy(self, eviction: Eviction) -> Self {
        Self { eviction, ..self }
    }
}

impl Default for L1 {
    fn default() -> Self {
        Self::max_bytes(256 << 20)
    }
}

#[cfg(test)]
mod tests;
