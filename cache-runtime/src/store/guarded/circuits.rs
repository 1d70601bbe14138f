//! The breakers of a store: one for each server that it names, and one for what it does not name.

use super::super::Store;
use crate::breaker::{Breaker, BreakerState, Circuit};
use crate::error::StoreError;
use crate::stamp::Partition;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// A breaker that opened, lets a probe through, or closed.
#[derive(Clone, Copy, Debug)]
pub struct BreakerChange<'a> {
    /// The store's name.
    pub store: &'static str,
    /// Which of its servers, if it has several and knows.
    pub server: Option<&'a str>,
    /// What the breaker is from now on.
    pub state: BreakerState,
}

/// More servers than this are not kept in mind. Clusters have at most a thousand nodes.
const MAX_SERVERS: usize = 1_024;

pub(super) type Tell = Box<dyn Fn(&BreakerChange<'_>) + Send + Sync>;

type Server = Option<Arc<str>>;

pub(super) struct Circuits {
    store: &'static str,
    settings: Option<Breaker>,
    /// What belongs to no server in particular; of most stores it is all there is.
    whole: Arc<Held>,
    of_servers: Mutex<HashMap<Arc<str>, Arc<Held>>>,
    tell: Tell,
}

struct Held {
    server: Server,
    circuit: Circuit,
}

/// The leave of every server involved.
pub(super) struct Passes<'a> {
    circuits: &'a Circuits,
    /// That of the only one there is.
    whole: Option<u64>,
    held: Vec<(Arc<Held>, u64)>,
}

impl Circuits {
    pub(super) fn new(store: &'static str, settings: Option<Breaker>, tell: Tell) -> Self {
        let whole = Arc::new(Held { server: None, circuit: Circuit::new(settings.unwrap_or_default()) });
        Self { store, settings, whole, of_servers: Mutex::default(), tell }
    }

    /// Lets an operation through if the breakers of all servers involved do.
    pub(super) fn admit(
        &self,
        store: &dyn Store,
        partitions: &[Partition],
        now_ms: impl Fn() -> u64,
    ) -> Result<Passes<'_>, StoreError> {
        let mut passes = Passes { circuits: self, whole: None, held: Vec::new() };
        if self.settings.is_none() {
            return Ok(passes);
        }
        if store.partitions() == 1 {
            passes.whole = Some(self.turn(&self.whole, &now_ms)?);
            return Ok(passes);
        }
        for held in self.involved(store, partitions) {
            let turn = self.turn(&held, &now_ms)?;
            passes.held.push((held, turn));
        }
        Ok(passes)
    }

    fn turn(&self, held: &Held, now_ms: impl FnOnce() -> u64) -> Result<u64, StoreError> {
        let (admitted, change) = held.circuit.admit(now_ms);
        self.changed(held, change);
        admitted.ok_or(StoreError::BreakerOpen { store: self.store })
    }

    /// Those of the partitions that would be let through, as it looks.
    pub(super) fn reachable(&self, store: &dyn Store, partitions: &[Partition], now_ms: u64) -> Vec<Partition> {
        if self.settings.is_none() || store.partitions() == 1 {
            return partitions.to_vec();
        }
        let is_reachable = |partition: &&Partition| self.of(store, **partition).circuit.would_admit(now_ms);
        partitions.iter().filter(is_reachable).copied().collect()
    }

    /// Notes that the server of a partition is alive.
    pub(super) fn heard(&self, store: &dyn Store, partition: Partition) {
        self.of(store, partition).circuit.heard();
    }

    pub(super) fn states(&self, store: &dyn Store) -> Vec<(Server, BreakerState)> {
        if self.settings.is_none() {
            return Vec::new();
        }
        let mut of_servers = self.of_servers.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody asks a server any more that was replaced, so that its breaker would never close.
        let is_amiss = |held: &Arc<Held>| held.circuit.state() != BreakerState::Closed;
        if of_servers.values().any(is_amiss) {
            let asked: HashSet<_> = (0..store.partitions()).filter_map(|at| store.server_of(Partition(at))).collect();
            of_servers.retain(|server, held| !is_amiss(held) || asked.contains(server));
        }
        let known = of_servers.values().map(|held| (held.server.clone(), held.circuit.state()));
        std::iter::once((None, self.whole.circuit.state())).chain(known).collect()
    }

    fn involved(&self, store: &dyn Store, partitions: &[Partition]) -> Vec<Arc<Held>> {
        let mut involved: Vec<Arc<Held>> = Vec::new();
        for partition in partitions {
            let held = self.of(store, *partition);
            if !involved.iter().any(|other| Arc::ptr_eq(other, &held)) {
                involved.push(held);
            }
        }
        involved
    }

    fn of(&self, store: &dyn Store, partition: Partition) -> Arc<Held> {
        let Some(server) = store.server_of(partition) else { return self.whole.clone() };
        let mut of_servers = self.of_servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = of_servers.get(&server) {
            return held.clone();
        }
        if of_servers.len() >= MAX_SERVERS {
            of_servers.retain(|_, held| held.circuit.state() != BreakerState::Closed);
        }
        let circuit = Circuit::new(self.settings.unwrap_or_default());
        let held = Arc::new(Held { server: Some(server.clone()), circuit });
        of_servers.insert(server, held.clone());
        held
    }

    fn changed(&self, held: &Held, change: Option<BreakerState>) {
        if let Some(state) = change {
            (self.tell)(&BreakerChange { store: self.store, server: held.server.as_deref(), state });
        }
    }
}

impl Passes<'_> {
    pub(super) fn succeeded(mut self) {
        self.give_back(|circuit, turn| circuit.succeeded(turn));
    }

    /// Nobody can tell which of the servers it was. The others clear themselves by their next success.
    pub(super) fn failed(mut self, now_ms: u64) {
        self.give_back(|circuit, turn| circuit.failed(turn, now_ms));
    }

    fn give_back(&mut self, outcome: impl Fn(&Circuit, u64) -> Option<BreakerState>) {
        let circuits = self.circuits;
        let give_back = |held: &Held, turn| circuits.changed(held, outcome(&held.circuit, turn));
        self.whole.take().into_iter().for_each(|turn| give_back(&circuits.whole, turn));
        std::mem::take(&mut self.held).iter().for_each(|(held, turn)| give_back(held, *turn));
    }
}

impl Drop for Passes<'_> {
    /// What ends without an answer says nothing.
    fn drop(&mut self) {
        self.give_back(|circuit, turn| {
            circuit.given_up(turn);
            None
        });
    }
}
