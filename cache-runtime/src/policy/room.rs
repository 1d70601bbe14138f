//! How much of something is kept in memory, and what makes room.

/// How much the process's memory may hold, or the region in it that a function has for itself
/// ([`Policy::local`](crate::Policy::local)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct L1 {
    pub(crate) max_entries: u64,
    pub(crate) max_bytes: u64,
    pub(crate) eviction: Eviction,
}

const UNBOUNDED: u64 = u64::MAX;

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
    /// The oldest entry goes, whether it was asked for or not. Best where nothing is asked for twice after long.
    Fifo,
}

impl L1 {
    /// At most this many bytes. An entry weighs what it takes up with all that keeps it; what its value points to is taken to
    /// be as large as its encoding.
    pub fn max_bytes(bytes: u64) -> Self {
        Self { max_entries: UNBOUNDED, max_bytes: bytes, eviction: Eviction::default() }
    }

    /// At most this many entries, whatever their sizes.
    pub fn max_entries(entries: u64) -> Self {
        Self { max_entries: entries, max_bytes: UNBOUNDED, eviction: Eviction::default() }
    }

    /// And at most this many bytes, whichever is reached first.
    ///
    /// ```
    /// use cache_runtime::L1;
    ///
    /// let bounded_twice = L1::max_entries(10_000).and_max_bytes(64 << 20);
    /// ```
    #[must_use]
    pub fn and_max_bytes(self, bytes: u64) -> Self {
        Self { max_bytes: bytes.min(self.max_bytes), ..self }
    }

    /// No entries: every call asks the store.
    pub fn off() -> Self {
        Self { max_entries: 0, max_bytes: 0, eviction: Eviction::default() }
    }

    /// Which entries make room for others.
    #[must_use]
    pub fn policy(self, eviction: Eviction) -> Self {
        Self { eviction, ..self }
    }

    /// Whether nothing at all has room.
    pub(crate) fn is_off(self) -> bool {
        self.max_entries == 0 || self.max_bytes == 0
    }
}

impl Default for L1 {
    fn default() -> Self {
        Self::max_bytes(256 << 20)
    }
}
