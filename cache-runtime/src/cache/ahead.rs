//! Entries that are loaded anew in periods, ahead of their readers (refresh-ahead), for as long as there are any.
//!
//! One task a key, which ends when nobody has read the entry for a while. It holds no entry: what it loads goes through
//! flight and commit like any load, and of several nodes those that come later take it from the store.

use super::request::Request;
use super::slot::Slot;
use super::{Cache, Lead};
use crate::key::Id;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// More keys than this are not loaded ahead: their readers see to it.
const MAX_KEYS: usize = 1_024;

/// Without an option, how many periods an entry is loaded that nobody reads.
const IDLE_PERIODS: u32 = 10;

/// The keys that are loaded ahead, and when each was read last.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<HashMap<Id, Arc<AtomicU64>>>);

impl Ahead {
    /// Where readers of a key leave their time, if it is loaded ahead of them.
    pub(super) fn reads(&self, key: Id) -> Option<Arc<AtomicU64>> {
        self.lock().get(&key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Arc<AtomicU64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to load a key ahead of its readers, which one task has.
pub(crate) struct Forerunner {
    cache: Cache,
    request: Request,
    reads: Arc<AtomicU64>,
    every: Duration,
    idle_ms: u64,
}

impl Drop for Forerunner {
    fn drop(&mut self) {
        self.cache.shared.ahead.lock().remove(&self.request.key.id());
    }
}

impl Cache {
    /// Takes the right, if the function wants it and nobody has it.
    pub(crate) fn run_ahead(&self, request: &Request) -> Option<Forerunner> {
        let every = request.policy.refresh_every.filter(|_| self.shared.l1.is_some() && request.tiers().has_l1())?;
        let idle = request.policy.refresh_idle.unwrap_or(every.saturating_mul(IDLE_PERIODS));
        let mut ahead = self.shared.ahead.lock();
        if ahead.len() >= MAX_KEYS || ahead.contains_key(&request.key.id()) {
            return None;
        }
        let reads = Arc::new(AtomicU64::new(self.now_ms()));
        ahead.insert(request.key.id(), reads.clone());
        drop(ahead);
        let idle_ms = crate::clock::whole_ms(idle);
        Some(Forerunner { cache: self.clone(), request: request.clone(), reads, every, idle_ms })
    }
}

impl Forerunner {
    /// Waits for the next period; none if nobody has read the entry for too long, or it is gone.
    pub(crate) async fn next(&self) -> Option<(Lead, Arc<Slot>)> {
        loop {
            self.cache.shared.clock.sleep(self.every).await;
            let idle_ms = self.cache.now_ms().saturating_sub(self.reads.load(Ordering::Relaxed));
            if idle_ms >= self.idle_ms || !self.cache.is_open() {
                return None;
            }
            let slot = self.cache.shared.l1.as_ref()?.get(self.request.print)?;
            if let Some(lead) = self.cache.lead_renewal(&self.request) {
                return Some((lead, slot));
            }
        }
    }
}
