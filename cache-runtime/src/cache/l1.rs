//! The process's memory: entries that answer without the store, as long as nothing that they depend on has changed.
//!
//! What is held, `entries.rs` says; `index.rs` answers, and `queues.rs` decides what stays. Whether an entry may answer,
//! `slot.rs` says.

mod entries;
mod ghosts;
mod index;
mod names;
mod queues;

pub(crate) use entries::{Entries, Gone};
pub(crate) use queues::Seat;

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
    /// S3-FIFO: an entry has to be asked for again soon after it came, or after it went, in order to stay; then it stays
    /// for as long as it is asked for. Bears scans, and best for most loads. Yang, Zhang, Qiu, Yue, Rashmi, "FIFO Queues
    /// are All You Need for Cache Eviction", SOSP 2023.
    #[default]
    S3Fifo,
    /// About the least recently used entry goes: the oldest that was not asked for since it was considered last. Best
    /// where what was just asked for is asked for again.
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
