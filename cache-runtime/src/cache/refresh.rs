//! Work that no caller waits for: entries loaded anew before readers need them, and loads that took too long for theirs.
//!
//! Each task is owned by the cache: bounded in number, counted, ended by `shutdown`, and its panic is told. What it loads
//! goes through the flight and the commit of every other load.

use super::Cache;
use super::ground::Ground;
use super::look::Sighting;
use super::read::{Lead, Turn};
use super::request::Request;
use super::slot::Slot;
use crate::codec::Wire;
use crate::flight::Boarding;
use crate::schema::Schema;
use crate::store::{Leased, as_one_call};
use crate::telemetry::{ActivityKind, Notice};
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// More work than this is not begun: its entries are loaded by their readers.
const MAX_TASKS: usize = 1_024;

/// How long an entry is left alone that another process is loading anew.
const OTHERS_RENEWAL_MS: u64 = 1_000;

/// The tasks of a cache.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    set: Mutex<JoinSet<()>>,
    /// Those that wait for their next period, and are not waited for.
    forerunners: Mutex<JoinSet<()>>,
    running: AtomicUsize,
    /// How many of these are forerunners: they take no room from the others.
    ahead: AtomicUsize,
}

impl Tasks {
    pub(super) fn running(&self) -> u64 {
        self.running.load(Ordering::Relaxed) as u64
    }

    /// Waits until all of them have ended, and ends those that have not by then.
    pub(super) async fn drain(&self, deadline: Duration) {
        lock(&self.forerunners).abort_all();
        let mut set = std::mem::take(&mut *lock(&self.set));
        let ended = async { while set.join_next().await.is_some() {} };
        if tokio::time::timeout(deadline, ended).await.is_err() {
            set.shutdown().await;
        }
    }
}

/// A task that is counted for as long as it is there.
struct Running {
    cache: Cache,
    is_ahead: bool,
}

impl Running {
    fn begin(cache: &Cache, is_ahead: bool) -> Self {
        cache.shared.tasks.running.fetch_add(1, Ordering::Relaxed);
        cache.shared.tasks.ahead.fetch_add(usize::from(is_ahead), Ordering::Relaxed);
        Self { cache: cache.clone(), is_ahead }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let shared = &self.cache.shared;
        shared.tasks.ahead.fetch_sub(usize::from(self.is_ahead), Ordering::Relaxed);
        shared.tasks.running.fetch_sub(1, Ordering::Relaxed);
        if std::thread::panicking() {
            shared.counters.background_panics.count();
            self.cache.tell(&Notice::BackgroundPanicked);
        }
    }
}

/// A task that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct HeldTask {
    _alive: oneshot::Sender<()>,
}

impl Cache {
    /// Whether work can be done in the background now.
    pub(crate) fn has_background(&self) -> bool {
        let tasks = &self.shared.tasks;
        let others = tasks.running.load(Ordering::Relaxed).saturating_sub(tasks.ahead.load(Ordering::Relaxed));
        let has_room = others < MAX_TASKS;
        if !has_room {
            self.shared.counters.background_refused.count();
        }
        has_room && self.is_open() && tokio::runtime::Handle::try_current().is_ok()
    }

    /// Lets a task go on by itself, as a call of this cache. Dropped if there is no runtime.
    pub(crate) fn in_background(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn(&self.shared.tasks.set, false, task);
    }

    /// The same for one that runs ahead of readers until there are none.
    pub(crate) fn in_front(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn(&self.shared.tasks.forerunners, true, task);
    }

    /// The same for one that goes on until what is returned is dropped.
    pub(crate) fn in_front_while_held(&self, task: impl Future<Output = ()> + Send + 'static) -> HeldTask {
        let (alive, dropped) = oneshot::channel();
        self.in_front(async move {
            tokio::select! {
                () = task => {}
                // Nothing is ever sent.
                _ = dropped => {}
            }
        });
        HeldTask { _alive: alive }
    }

    fn spawn(&self, set: &Mutex<JoinSet<()>>, is_ahead: bool, task: impl Future<Output = ()> + Send + 'static) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let running = Running::begin(self, is_ahead);
        let task = self.clone().scope(task);
        let mut set = lock(set);
        while set.try_join_next().is_some() {}
        set.spawn_on(
            async move {
                let _running = running;
                task.await;
            },
            &runtime,
        );
    }

    /// The right to load an entry anew, unless somebody does.
    pub(crate) fn lead_renewal(&self, request: &Request) -> Option<Lead> {
        match self.shared.flights.board(request.key.id(), |_| true) {
            Boarding::Lead(lead) => Some(lead),
            Boarding::Follow(_) => None,
        }
    }

    /// Prepares to load an entry anew that is still served. None if another node has done it, or is doing it.
    pub(crate) async fn begin_renewal(
        &self,
        request: &Request,
        wire: &dyn Wire,
        lead: Lead,
        current: &Arc<Slot>,
    ) -> Option<Turn> {
        as_one_call(pin!(self.renewal_begun(request, wire, lead, current))).await
    }

    async fn renewal_begun(&self, request: &Request, wire: &dyn Wire, lead: Lead, current: &Arc<Slot>) -> Option<Turn> {
        let grounds = request.grounds(self);
        let (newer, met, aside) = self.newer_in_store(request, wire, &grounds, current).await;
        if let Some(seen) = newer {
            lead.land(|| seen.landing(self, false));
            return None;
        }
        let aside = aside.map(|schema| request.aside(self, schema));
        let (request, grounds) = match &aside {
            Some(aside) => (aside, aside.grounds(self)),
            None => (request, grounds),
        };
        let mut turn = self.begin(&request.leased_to_renew(), grounds, Some(lead), Some(current.clone())).await;
        if turn.finds_another_than(met)
            && let (Some(seen), ..) = self.newer_in_store(request, wire, &turn.grounds, current).await
            && let Some(lead) = turn.lead.take()
        {
            lead.land(|| seen.landing(self, false));
            return None;
        }
        if matches!(turn.leased(), Leased::Other { .. }) {
            let at_ms = self.now_ms().saturating_add(OTHERS_RENEWAL_MS);
            self.shared.l1.iter().for_each(|l1| l1.retry_not_before(current.print, at_ms));
            return None;
        }
        self.meter(request.group).renewals.count();
        self.did(ActivityKind::Refresh, request);
        Some(turn)
    }
}

impl Cache {
    /// What was loaded elsewhere since the entry that is served, the identity of what is there at all, and the shape of what
    /// lies beside it.
    async fn newer_in_store(
        &self,
        request: &Request,
        wire: &dyn Wire,
        grounds: &[Ground],
        current: &Slot,
    ) -> (Option<Sighting>, Option<u64>, Option<Schema>) {
        let seen = self.look_in_store(request, wire, grounds).await.unwrap_or_default();
        let newer = seen.fresh.map(|(seen, _)| seen).filter(|seen| is_newer(&seen.slot, current));
        (newer, seen.met, seen.aside)
    }
}

/// Whether an entry in the store was loaded after the one that is served here.
fn is_newer(stored: &Slot, current: &Slot) -> bool {
    stored.backing() != current.backing() && stored.loaded_ms >= current.loaded_ms
}

/// A panic while a set was locked leaves it whole.
fn lock(set: &Mutex<JoinSet<()>>) -> MutexGuard<'_, JoinSet<()>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}
