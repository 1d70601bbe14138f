//! What the handles on a cache share, and the small questions that every path asks of it.

use super::ahead::Ahead;
use super::bumps::Bumps;
use super::cells::Cells;
use super::clones::Clones;
use super::echoes::Echoes;
use super::knowledge::Knowledge;
use super::l1::Region;
use super::listen::Listener;
use super::read::{Departed, Landing};
use super::recover::Queue;
use super::refresh::Tasks;
use super::request::Request;
use super::wakes::Wakes;
use super::{Cache, l1};
use crate::clock::Clock;
use crate::codec::AnyCodec;
use crate::error::{Error, StoreError};
use crate::flight::Flights;
use crate::function::{Function, tag_dependency};
use crate::key::{Addressed, Dependency, Fingerprinter, Id, Key};
use crate::packing::Packing;
use crate::policy::Policy;
use crate::registry;
use crate::stamp::Partition;
use crate::store::{Guarded, Store};
use crate::telemetry::{Counters, FunctionStats, Group, Meter, Meters, Notice, Observers, Stats, Watchers, spans};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// How long a load may take and still be kept.
pub(super) const FENCE_LIFE_MS: u64 = 300_000;

/// How much longer than an entry its generations live: the load before it, and some room for clocks.
pub(super) const GENERATION_MARGIN_MS: u64 = FENCE_LIFE_MS + 60_000;

/// What all handles on a cache share, whatever their tenant.
pub(crate) struct Shared {
    pub(super) l1: Option<l1::Entries>,
    pub(super) flights: Arc<Flights<Departed, Landing>>,
    /// Callers who wait for another process to be done with a key.
    pub(super) wakes: Wakes,
    pub(super) cells: Cells,
    pub(super) store: Option<Arc<dyn Store>>,
    /// The same store: its gauges.
    pub(super) guard: Option<Guarded>,
    /// Invalidations that it has yet to perform.
    pub(super) queue: Queue,
    pub(super) packing: Packing,
    pub(super) clock: Clock,
    pub(super) settings: Settings,
    pub(super) counters: Counters,
    pub(super) meters: Arc<Meters>,
    pub(super) watchers: Arc<Watchers>,
    pub(super) echoes: Echoes,
    pub(super) clones: Clones,
    pub(super) observers: Arc<Observers>,
    pub(super) policies: RwLock<HashMap<usize, Arc<Policy>>>,
    pub(super) spaces: Mutex<HashMap<String, Arc<Space>>>,
    pub(super) listeners: Mutex<Vec<Listener>>,
    pub(super) tasks: Tasks,
    pub(super) ahead: Ahead,
    pub(super) ticks: AtomicU64,
    pub(super) enabled: AtomicBool,
    pub(super) closed: AtomicBool,
}

impl Shared {
    /// Keeps a task for as long as the cache works.
    pub(super) fn own(&self, listener: Listener) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    pub(super) fn end_tasks(&self) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// What the builder was told.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) defaults: Policy,
    pub(super) configured: HashMap<String, Policy>,
    pub(super) codec: AnyCodec,
    pub(super) lease_ms: u64,
    pub(super) max_value_bytes: usize,
    pub(super) max_key_bytes: usize,
}

/// One namespace of a cache, and what is known of its partitions.
pub(crate) struct Space {
    pub(super) namespace: String,
    pub(super) number: u64,
    /// What makes its fingerprints others than those of equal calls elsewhere.
    mask: u128,
    pub(super) partitions: Box<[Arc<Knowledge>]>,
    bumps: Box<[Bumps]>,
    /// By the function's address.
    common: RwLock<HashMap<usize, Arc<Common>, Addressed>>,
}

/// What all calls of a function in one namespace have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) policy: Arc<Policy>,
    /// What all of them depend on: the function itself, who shares its keys, and the tags of its policy.
    pub(super) dependencies: Box<[Dependency]>,
    /// For whom they are counted.
    pub(super) group: Group,
    /// Whose room in memory their entries take up.
    pub(super) region: Region,
}

impl Space {
    pub(super) fn new(namespace: String, number: u64, store: Option<&Arc<dyn Store>>) -> Self {
        let partitions: Box<[_]> = match store {
            None => vec![Arc::new(Knowledge::local())].into(),
            Some(store) => (0..store.partitions()).map(|at| Arc::new(Knowledge::new(Partition(at)))).collect(),
        };
        let bumps = partitions.iter().map(|_| Bumps::default()).collect();
        Self { namespace, number, mask: Fingerprinter::of_space(number), partitions, bumps, common: RwLock::default() }
    }

    /// Notes whether messages are heard.
    pub(crate) fn set_listening(&self, is_listening: bool) {
        self.partitions.iter().for_each(|partition| partition.set_listening(is_listening));
    }

    pub(super) fn bumps(&self, partition: Partition) -> &Bumps {
        &self.bumps[usize::from(partition.0)]
    }

    pub(super) fn knowledge(&self, partition: Partition) -> &Arc<Knowledge> {
        &self.partitions[usize::from(partition.0)]
    }
}

impl Cache {
    pub(super) fn counted(&self, functions: &[FunctionStats]) -> Stats {
        let (l1_entries, l1_weight) = self.shared.l1.as_ref().map_or((0, 0), l1::Entries::size);
        let (now_ms, lease_ms) = (self.now_ms(), self.shared.settings.lease_ms);
        let guard = self.shared.guard.as_ref();
        let behind = self.space.partitions.iter().map(|partition| partition.behind_ms(now_ms, lease_ms));
        Stats {
            l1_entries,
            l1_weight,
            flights: self.shared.flights.len() as u64,
            background: self.shared.tasks.running(),
            is_listening: self.space.partitions.iter().all(|partition| partition.is_listening()),
            may_be_behind_ms: behind.max().unwrap_or(0),
            invalidations_waiting: self.shared.queue.len() as u64,
            store_in_flight: guard.map_or(0, |guard| guard.in_flight() as u64),
            breakers_open: guard.map_or(0, Guarded::breakers_open),
            store_retries: guard.map_or(0, Guarded::retries),
            histories_lost: self.space.partitions.iter().map(|partition| partition.histories_lost()).sum(),
            slow_clones: self.shared.clones.slow(),
            ..Stats::of(&self.shared.counters, functions)
        }
    }

    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.shared.enabled.load(Ordering::Acquire) && !self.shared.closed.load(Ordering::Acquire)
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }

    pub(crate) fn load_failed(&self, request: &Request) {
        self.meter(request.group).load_errors.count();
        spans::load_failed();
        self.tell(&Notice::LoadFailed { key: request.key.as_str() });
    }

    /// The policy of a function: defaults < attribute < configuration by name.
    pub(crate) fn policy_of(&self, function: &'static Function) -> Arc<Policy> {
        let address = std::ptr::from_ref(function) as usize;
        if let Some(policy) = self.shared.policies.read().unwrap_or_else(PoisonError::into_inner).get(&address) {
            return policy.clone();
        }
        let policy = Arc::new(self.resolve(function));
        self.shared.policies.write().unwrap_or_else(PoisonError::into_inner).insert(address, policy.clone());
        policy
    }

    pub(super) fn meter(&self, group: Group) -> &Meter {
        self.shared.meters.of(group)
    }

    /// The region of a function that has one for itself.
    pub(super) fn region_of(&self, function: &'static Function, policy: &Policy) -> Region {
        let Some((l1, size)) = self.shared.l1.as_ref().zip(policy.local) else { return Region::SHARED };
        l1.region(function.own_print(), size)
    }

    pub(super) fn common_of(&self, function: &'static Function) -> Arc<Common> {
        let address = std::ptr::from_ref(function) as usize;
        if let Some(known) = self.space.common.read().unwrap_or_else(PoisonError::into_inner).get(&address) {
            return known.clone();
        }
        let policy = self.policy_of(function);
        let tags = policy.tags.iter().map(|tag| tag_dependency(tag));
        let dependencies = function.selves().iter().cloned().chain(tags).map(|text| self.name(text)).collect();
        let group = self.shared.meters.group(address, || (registry::name_of(function), function.template()));
        let region = self.region_of(function, &policy);
        let common = Arc::new(Common { policy, dependencies, group, region });
        self.space.common.write().unwrap_or_else(PoisonError::into_inner).insert(address, common.clone());
        common
    }

    fn resolve(&self, function: &Function) -> Policy {
        let settings = &self.shared.settings;
        let own = (function.spec().policy)();
        let attributed = settings.defaults.overlaid_by(&own);
        let configured = settings.configured.get(&registry::name_of(function));
        let policy = configured.map_or_else(|| attributed.clone(), |policy| attributed.overlaid_by(policy));
        let mut mistakes: Vec<String> = own.mistakes().into_iter().chain(policy.contradictions()).collect();
        mistakes.sort();
        mistakes.dedup();
        let mut problems: Vec<String> = mistakes.iter().map(|it| format!("`{}`: {it}", function.path())).collect();
        match policy.ttl {
            None if !function.spec().lives_by_value => {
                problems.push(Error::NoTtl { name: function.path().to_owned() }.to_string());
            }
            Some(ttl) if ttl.is_zero() => {
                problems.push(format!("`{}` has a TTL of zero: nothing is kept", function.path()));
            }
            None | Some(_) => {}
        }
        problems.iter().for_each(|problem| self.tell(&Notice::Misconfigured { problem }));
        policy
    }

    pub(super) fn check_open(&self) -> Result<(), Error> {
        if self.shared.closed.load(Ordering::Acquire) { Err(Error::ShutDown) } else { Ok(()) }
    }

    pub(super) fn name(&self, text: String) -> Key {
        Key::new(&self.space.namespace, text, self.shared.settings.max_key_bytes)
    }

    /// What keeps the tenants apart in memory.
    #[inline]
    pub(crate) fn print_here(&self, print: Id) -> Id {
        Id(print.0 ^ self.space.mask)
    }

    pub(super) fn partitions(&self) -> u16 {
        self.space.partitions.len() as u16
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.shared.clock.now_ms()
    }

    pub(super) fn tell(&self, notice: &Notice<'_>) {
        self.shared.observers.tell(notice);
    }

    /// What the store was not even asked for is only counted: it was told when its breaker opened.
    pub(super) fn store_failed<T>(&self, operation: &'static str, error: &StoreError) -> Option<T> {
        if error.is_skipped() {
            self.shared.counters.store_skipped.count();
            return None;
        }
        self.shared.counters.store_errors.count();
        self.tell(&Notice::StoreFailed { operation, error });
        None
    }
}
