//! The process's memory: entries that answer without the store, as long as nothing that they depend on has changed.
//!
//! moka decides what stays; this is the only file that names it. Whether an entry may answer, `slot.rs` says.

use super::slot::Slot;
use crate::key::Id;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

/// The entries of a process, by the fingerprint of the typed arguments and, slower, by the key.
#[derive(Debug)]
pub(crate) struct Entries {
    by_print: moka::sync::Cache<Id, Arc<Slot>, Prehashed>,
    by_key: Arc<KeyIndex>,
}

impl Entries {
    /// `None` if nothing is to be kept.
    pub(crate) fn new(size: L1, evicted: Arc<AtomicU64>) -> Option<Self> {
        let by_key = Arc::new(KeyIndex::new());
        let index = by_key.clone();
        let builder = moka::sync::Cache::builder()
            .eviction_listener(move |print: Arc<Id>, slot: Arc<Slot>, cause| {
                if cause != RemovalCause::Replaced {
                    index.forget(slot.key, *print, &slot);
                }
                if cause == RemovalCause::Size {
                    evicted.fetch_add(1, Ordering::Relaxed);
                }
            })
            .eviction_policy(match size.eviction {
                Eviction::TinyLfu => EvictionPolicy::tiny_lfu(),
                Eviction::Lru => EvictionPolicy::lru(),
            })
            .expire_after(OwnLife);
        let builder = match size.capacity {
            Capacity::Off => return None,
            Capacity::Entries(entries) => builder.max_capacity(entries),
            Capacity::Bytes(bytes) => builder.max_capacity(bytes).weigher(|_, slot: &Arc<Slot>| slot.weight),
        };
        Some(Self { by_print: builder.build_with_hasher(Prehashed), by_key })
    }

    pub(crate) fn get(&self, print: Id) -> Option<Arc<Slot>> {
        self.by_print.get(&print)
    }

    pub(crate) fn get_by_key(&self, key: Id) -> Option<Arc<Slot>> {
        self.by_print.get(&self.by_key.print_of(key)?)
    }

    pub(crate) fn insert(&self, print: Id, slot: Arc<Slot>) {
        self.by_key.note(slot.key, print, &slot);
        self.by_print.insert(print, slot);
    }

    /// Takes an entry out that cannot answer any more, unless it was replaced in between.
    pub(crate) fn discard(&self, print: Id, slot: &Arc<Slot>) {
        let _discarded = self.by_print.entry(print).and_compute_with(|current| match current {
            Some(current) if Arc::ptr_eq(current.value(), slot) => moka::ops::compute::Op::Remove,
            _ => moka::ops::compute::Op::Nop,
        });
    }

    pub(crate) fn remove_by_key(&self, key: Id) {
        if let Some(print) = self.by_key.print_of(key) {
            self.by_print.invalidate(&print);
        }
    }

    /// Entries and bytes, counted after what is due has been evicted.
    pub(crate) fn size(&self) -> (u64, u64) {
        self.by_print.run_pending_tasks();
        (self.by_print.entry_count(), self.by_print.weighted_size())
    }
}

/// Which fingerprint an entry of a key is held under; the latest, if there are several.
#[derive(Debug)]
struct KeyIndex(Box<[Mutex<Prints>]>);

/// A key's fingerprint, and which slot it was noted for: moka may tell of an old slot after a new one is in place.
type Prints = HashMap<Id, (Id, usize)>;

impl KeyIndex {
    fn new() -> Self {
        Self((0..64).map(|_| Mutex::default()).collect())
    }

    fn note(&self, key: Id, print: Id, slot: &Arc<Slot>) {
        self.shard(key).insert(key, (print, Arc::as_ptr(slot) as usize));
    }

    fn forget(&self, key: Id, print: Id, slot: &Arc<Slot>) {
        let mut shard = self.shard(key);
        if shard.get(&key) == Some(&(print, Arc::as_ptr(slot) as usize)) {
            shard.remove(&key);
        }
    }

    fn print_of(&self, key: Id) -> Option<Id> {
        self.shard(key).get(&key).map(|(print, _)| *print)
    }

    fn shard(&self, key: Id) -> MutexGuard<'_, Prints> {
        self.0[(key.0 as usize) % 64].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets moka drop what has expired; what it has not dropped yet says itself that it is over.
struct OwnLife;

impl moka::Expiry<Id, Arc<Slot>> for OwnLife {
    fn expire_after_create(&self, _: &Id, slot: &Arc<Slot>, _: Instant) -> Option<Duration> {
        Some(slot.kept)
    }

    fn expire_after_update(&self, _: &Id, slot: &Arc<Slot>, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(slot.kept)
    }
}

/// Fingerprints are keyed hashes already; half of one is as good as hashing it again.
#[derive(Clone, Copy, Debug)]
struct Prehashed;

impl std::hash::BuildHasher for Prehashed {
    type Hasher = HalfOf;

    fn build_hasher(&self) -> HalfOf {
        HalfOf(0)
    }
}

struct HalfOf(u64);

impl std::hash::Hasher for HalfOf {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn write_u128(&mut self, id: u128) {
        self.0 = (id >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
