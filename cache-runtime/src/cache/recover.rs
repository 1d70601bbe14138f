//! Invalidations that the store did not perform, kept until it does: P07 and group O of the behaviours this is built to.
//!
//! One task a cache, which ends when nothing is owed; `shutdown` waits for what it can still do. Performing an
//! invalidation late costs loads and nothing else: what was stored in between is newer, and is loaded anew.

use super::Cache;
use super::owed::{Batch, Invalidation, Owed};
use super::remove::Performed;
use super::shared::Shared;
use crate::backoff::Backoff;
use crate::error::{Error, StoreError};
use crate::telemetry::Notice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::task::AbortHandle;

/// What a cache does about invalidations that its store does not perform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// How many names (dependencies and keys) may wait to be invalidated; beyond that, an invalidation is an error. By
    /// default 10,000, of about 300 bytes each.
    pub max_queued: usize,
    /// How many of them are performed a second at most, so that a server which has just come back is not run over; at
    /// least one. By default 10,000.
    pub per_second: u32,
}

impl Default for Recovery {
    fn default() -> Self {
        Self { max_queued: 10_000, per_second: 10_000 }
    }
}

/// How many names are invalidated in one go.
const BATCH: usize = 256;

/// How long to wait before trying again: first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What a cache owes its store, and the task that sees to it.
pub(super) struct Queue {
    settings: Option<Recovery>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    owed: Owed,
    task: Option<AbortHandle>,
}

impl Queue {
    pub(super) fn new(settings: Option<Recovery>) -> Self {
        Self { settings, state: Mutex::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().owed.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if let Some(task) = self.lock().task.take() {
            task.abort();
        }
    }
}

/// An invalidation that was begun. If its caller gives up before it is known what became of it,
/// it is owed all the same.
struct Attempt<'a> {
    cache: &'a Cache,
    invalidation: Option<Invalidation>,
    begun: u64,
}

impl<'a> Attempt<'a> {
    fn new(cache: &'a Cache, invalidation: Invalidation) -> Self {
        Self { cache, invalidation: Some(invalidation), begun: cache.order_of_owed() }
    }

    /// It was performed, and with it whatever of the same was owed before it began.
    fn performed(mut self) {
        if let Some(invalidation) = self.invalidation.take() {
            self.cache.settled(&invalidation, self.begun);
        }
    }

    /// It was not. Tells whether it will be.
    fn failed(mut self, error: &StoreError) -> bool {
        let invalidation = self.invalidation.take();
        let is_owed = invalidation.is_some_and(|invalidation| error.is_temporary() && self.cache.owe(&invalidation));
        if !is_owed {
            self.cache.shared.counters.invalidations_failed.count();
        }
        is_owed
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(invalidation) = self.invalidation.take()
            && !self.cache.owe(&invalidation)
        {
            self.cache.shared.counters.invalidations_failed.count();
        }
    }
}

impl Cache {
    /// Performs an invalidation; none if it will be performed later.
    pub(super) async fn invalidate(&self, invalidation: Invalidation) -> Result<Option<Performed>, Error> {
        let attempt = Attempt::new(self, invalidation);
        let performed = match &attempt.invalidation {
            Some(invalidation) => self.perform(invalidation).await,
            None => unreachable!("it is taken out when it is known what became of it"),
        };
        match performed {
            Ok(performed) => {
                attempt.performed();
                Ok(Some(performed))
            }
            Err(error) if attempt.failed(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets what is owed of something that the store has performed since `begun`.
    pub(super) fn settled(&self, invalidation: &Invalidation, begun: u64) {
        self.shared.queue.lock().owed.settled(&self.space, invalidation, begun);
    }

    /// The order in which invalidations are accepted, as it stands.
    pub(super) fn order_of_owed(&self) -> u64 {
        self.shared.queue.lock().owed.now()
    }

    /// Accepts an invalidation to be performed as soon as the store does so; false if this cache does not, cannot, or has
    /// too many.
    fn owe(&self, invalidation: &Invalidation) -> bool {
        let queue = &self.shared.queue;
        let Some(settings) = queue.settings.filter(|_| self.check_open().is_ok()) else { return false };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return false };
        let names = {
            let mut state = queue.lock();
            let accepted = state.owed.accept(self, invalidation, settings.max_queued);
            let Some(names) = accepted else { return false };
            if state.task.as_ref().is_none_or(AbortHandle::is_finished) {
                let payer = Payer { shared: Arc::downgrade(&self.shared), settings };
                state.task = Some(runtime.spawn(payer.run()).abort_handle());
            }
            names
        };
        self.shared.counters.invalidations_queued.add(names as u64);
        self.tell(&Notice::InvalidationsQueued { names });
        true
    }

    /// Performs what can be performed of what is owed, by a deadline of real time, and gives up on the rest.
    pub(super) async fn pay_all(&self, deadline: Duration) {
        let queue = &self.shared.queue;
        if let Some(task) = queue.lock().task.take() {
            task.abort();
        }
        let Some(settings) = queue.settings.filter(|_| queue.len() > 0) else { return };
        let payer = Payer { shared: Arc::downgrade(&self.shared), settings };
        let mut backoff = Backoff::new(PAUSES.0, PAUSES.0);
        let paying = async {
            loop {
                match payer.pay(BATCH).await {
                    None | Some(Paid::All) => return,
                    Some(Paid::Some(_)) => {}
                    Some(Paid::Nothing | Paid::Refused) => tokio::time::sleep(backoff.pause()).await,
                }
            }
        };
        if tokio::time::timeout(deadline, paying).await.is_err() {
            let names = queue.lock().owed.give_up();
            self.shared.counters.invalidations_dropped.add(names as u64);
            self.tell(&Notice::InvalidationsDropped { names });
        }
    }
}

/// What the task holds on to: not the cache itself, which would never end.
struct Payer {
    shared: Weak<Shared>,
    settings: Recovery,
}

/// How a batch went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paid {
    /// Nothing is owed any more.
    All,
    /// So many names fewer.
    Some(usize),
    /// The store does not perform it now.
    Nothing,
    /// The store refuses it for good, for all one knows.
    Refused,
}

impl Payer {
    async fn run(self) {
        let Some(clock) = self.shared.upgrade().map(|shared| shared.clock.clone()) else { return };
        let (mut backoff, mut max_names) = (Backoff::new(PAUSES.0, PAUSES.1), BATCH);
        clock.sleep(backoff.pause()).await;
        while let Some(paid) = self.pay(max_names).await {
            let pause = match paid {
                Paid::All => {
                    if self.ends() {
                        return;
                    }
                    continue;
                }
                Paid::Some(names) => {
                    backoff.reset();
                    max_names = BATCH;
                    Duration::from_secs(names as u64) / self.settings.per_second.max(1)
                }
                Paid::Nothing => backoff.pause(),
                Paid::Refused => {
                    // One by one, so that what is refused is found and does not hold up the others.
                    max_names = 1;
                    backoff.pause()
                }
            };
            clock.sleep(pause).await;
        }
    }

    /// Performs the first of what is owed; none if the cache is gone.
    async fn pay(&self, max_names: usize) -> Option<Paid> {
        let shared = self.shared.upgrade()?;
        let Some(batch) = shared.queue.lock().owed.first(max_names) else { return Some(Paid::All) };
        let cache = Cache { shared, space: batch.space.clone() };
        let performed = match &batch.invalidation {
            // Callers do not wait for what was owed before they came.
            Invalidation::Bump(names) => cache.bump_alone(names).await.map(drop),
            other => cache.perform(other).await.map(drop),
        };
        Some(match performed {
            Ok(()) => cache.paid(&batch),
            Err(error) if error.is_temporary() => Paid::Nothing,
            Err(error) => {
                cache.store_failed::<()>("recovery", &error);
                if batch.names == 1 {
                    cache.shared.queue.lock().owed.postpone_first();
                }
                Paid::Refused
            }
        })
    }

    /// Whether the task is to end: decided under the lock under which more may be accepted.
    fn ends(&self) -> bool {
        let Some(shared) = self.shared.upgrade() else { return true };
        let mut state = shared.queue.lock();
        if state.owed.len() > 0 {
            return false;
        }
        state.task = None;
        true
    }
}

impl Cache {
    fn paid(&self, batch: &Batch) -> Paid {
        let names = self.shared.queue.lock().owed.settle(batch);
        self.shared.counters.invalidations_replayed.add(names as u64);
        self.tell(&Notice::InvalidationsReplayed { names });
        Paid::Some(batch.names)
    }
}
