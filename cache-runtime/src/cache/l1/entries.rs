//! The entries of a process. moka decides what stays, and this is the only file that names it; the index answers, since a
//! look-up in moka costs ten times as much. moka is told of a sample of the hits, and tells the index what it let go.

use super::index::{Held, Index};
use super::keys::KeyIndex;
use super::{Capacity, Eviction, L1};
use crate::cache::slot::Slot;
use crate::key::{Id, Prehashed};
use crate::telemetry::Counter;
use moka::notification::RemovalCause;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache as Policy;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The entries of a process, by the fingerprint of the typed arguments and, slower, by the key.
#[derive(Debug)]
pub(crate) struct Entries {
    index: Arc<Index>,
    policy: Policy<Id, Arc<Slot>, Prehashed>,
    by_key: Arc<KeyIndex>,
    /// Held by whoever changes an entry, so that index and policy see all changes of it in one order.
    turns: Box<[Mutex<()>]>,
}

const TURNS: usize = 64;

/// Of an entry that was hit this often, moka is told of one hit in so many: it counts to fifteen.
const TOLD_OF_ALL: u8 = 8;
const TOLD_OF_ONE_IN: u64 = 64;

impl Entries {
    /// `None` if nothing is to be kept.
    pub(crate) fn new(size: L1, evicted: Counter, expired: Counter) -> Option<Self> {
        let (index, by_key) = (Arc::new(Index::new()), Arc::new(KeyIndex::new()));
        let (answers, names) = (index.clone(), by_key.clone());
        let builder = Policy::builder()
            .eviction_listener(move |print: Arc<Id>, slot: Arc<Slot>, cause| {
                // What replaced it is in its places already.
                if cause != RemovalCause::Replaced {
                    answers.remove(*print, &slot);
                    names.forget(slot.key, *print, &slot);
                }
                match cause {
                    RemovalCause::Size => evicted.count(),
                    RemovalCause::Expired => expired.count(),
                    RemovalCause::Explicit | RemovalCause::Replaced => {}
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
        let turns = (0..TURNS).map(|_| Mutex::default()).collect();
        Some(Self { index, policy: builder.build_with_hasher(Prehashed), by_key, turns })
    }

    /// Lets an entry be looked at where it lies. What is made of it counts as a hit, the `hits`th.
    pub(crate) fn hit<T>(&self, print: Id, look: impl FnOnce(&Held) -> Option<(T, u64)>) -> Option<T> {
        let (taken, is_told) = self.index.with(print, |held| {
            let (taken, hits) = look(held)?;
            Some((taken, held.is_among_first(TOLD_OF_ALL) || hits % TOLD_OF_ONE_IN == 0))
        })??;
        if is_told {
            self.tell(print);
        }
        Some(taken)
    }

    pub(crate) fn get(&self, print: Id) -> Option<Arc<Slot>> {
        let slot = self.index.get(print)?;
        self.tell(print);
        Some(slot)
    }

    pub(crate) fn get_by_key(&self, key: Id) -> Option<Arc<Slot>> {
        self.get(self.by_key.print_of(key)?)
    }

    pub(crate) fn insert(&self, print: Id, slot: Arc<Slot>) {
        let _turn = self.turn(print);
        self.by_key.note(slot.key, print, &slot);
        let is_new = !self.index.insert(print, slot.clone());
        if is_new {
            // It was asked for and missed, which counts towards its admission.
            self.tell(print);
        }
        self.policy.insert(print, slot);
    }

    /// Takes an entry out that cannot answer any more, unless it was replaced in between.
    pub(crate) fn discard(&self, print: Id, slot: &Arc<Slot>) {
        let _turn = self.turn(print);
        let _discarded = self.policy.entry(print).and_compute_with(|current| match current {
            Some(current) if Arc::ptr_eq(current.value(), slot) => Op::Remove,
            _ => Op::Nop,
        });
    }

    pub(crate) fn remove_by_key(&self, key: Id) {
        if let Some(print) = self.by_key.print_of(key) {
            let _turn = self.turn(print);
            self.policy.invalidate(&print);
        }
    }

    /// Entries and bytes, counted after what is due has been evicted.
    pub(crate) fn size(&self) -> (u64, u64) {
        self.policy.run_pending_tasks();
        (self.policy.entry_count(), self.policy.weighted_size())
    }

    /// What one of index, policy and names has and another has not.
    #[cfg(test)]
    pub(super) fn disagreements(&self) -> Vec<String> {
        self.policy.run_pending_tasks();
        let of_policy = self.policy.iter().map(|(print, slot)| (*print, slot));
        let kept: std::collections::HashMap<Id, Arc<Slot>> = of_policy.collect();
        let is_kept = |print: &Id, slot: &Arc<Slot>| kept.get(print).is_some_and(|kept| Arc::ptr_eq(kept, slot));
        // What is over, moka hides until its wheel has come round to it.
        let mut found = self.index.all_but(|print, slot| slot.kept.is_zero() || is_kept(print, slot));
        let is_there = |(print, slot): &(&Id, &Arc<Slot>)| {
            let answers = self.index.get(**print).is_some_and(|answer| Arc::ptr_eq(&answer, slot));
            answers && self.by_key.print_of(slot.key) == Some(**print)
        };
        found.extend(
            kept.iter().filter(|entry| !is_there(entry)).map(|(print, _)| format!("{print:?} does not answer")),
        );
        found
    }

    /// Nothing else makes moka count a read.
    fn tell(&self, print: Id) {
        let _what_the_index_has = self.policy.get(&print);
    }

    fn turn(&self, print: Id) -> MutexGuard<'_, ()> {
        self.turns[(print.0 as usize) % TURNS].lock().unwrap_or_else(PoisonError::into_inner)
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
