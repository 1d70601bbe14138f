//! A store that fails, counts, and waits on request.

use super::faulty_bus::BusFaults;
use crate::bus::{Bus, Heard, Message};
use crate::error::StoreError;
use crate::key::{Dependency, Key};
use crate::stamp::Partition;
use crate::store::{
    Announce, Answer, Begin, Begun, Bump, Commit, Deadlines, Lease, Page, Position, Put, Read, Removal, Search, Settle,
    Snapshot, Store, Verdict,
};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// An operation of a [`Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `read`
    Read,
    /// `begin`
    Begin,
    /// `commit`
    Commit,
    /// `bump`
    Bump,
    /// `remove`
    Remove,
    /// `put`
    Put,
    /// `clear`
    Clear,
    /// `search`
    Search,
    /// `doubt`
    Doubt,
    /// `announce`
    Announce,
    /// `settle`
    Settle,
    /// `extend`
    Extend,
    /// `release`
    Release,
    /// `positions`
    Positions,
}

/// At which side of an operation it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// Before the store performs it.
    Before,
    /// After the store performed it, before the caller has the answer.
    After,
}

/// Any store, with faults on request; clones share them.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// use cache_runtime::testing::{FaultyStore, Operation};
/// use cache_runtime::{Cache, MemoryStore, Policy};
/// use std::time::Duration;
///
/// let store = FaultyStore::new(MemoryStore::new());
/// let cache = Cache::builder().store(store.clone()).build().await?;
/// store.fail(Operation::Put);
/// assert!(cache.set("answer", 42_u64, Policy::ttl(Duration::from_secs(60))).await.is_err());
/// assert_eq!(store.calls(Operation::Put), 1);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Arc<Mutex<Faults>>,
    bus_faults: BusFaults,
}

#[derive(Default)]
struct Faults {
    failing: HashSet<Operation>,
    failing_next: HashMap<Operation, usize>,
    refused: HashSet<String>,
    calls: HashMap<Operation, usize>,
    holds: Vec<(Operation, When, Arc<Hold>)>,
}

struct Hold {
    reached: Semaphore,
    released: Semaphore,
}

/// An operation that will wait, or does.
#[must_use]
pub struct Held(Arc<Hold>);

impl Held {
    /// Waits until the operation has come to where it waits.
    pub async fn reached(&self) {
        if let Ok(permit) = self.0.reached.acquire().await {
            permit.forget();
        }
    }

    /// Lets it go on.
    pub fn release(self) {
        self.0.released.add_permits(1);
    }
}

impl FaultyStore {
    /// A store without faults yet.
    pub fn new(inner: impl Store) -> Self {
        Self { inner: Arc::new(inner), faults: Arc::default(), bus_faults: BusFaults::default() }
    }

    /// Makes an operation fail from now on, as if the store could not be reached.
    pub fn fail(&self, operation: Operation) {
        self.lock().failing.insert(operation);
    }

    /// Makes the next `times` of an operation fail, as if the store could not be reached.
    pub fn fail_next(&self, operation: Operation, times: usize) {
        self.lock().failing_next.insert(operation, times);
    }

    /// Makes the store refuse, from now on, to bump anything along with the dependency of this text.
    pub fn refuse(&self, dependency: &str) {
        self.lock().refused.insert(dependency.to_owned());
    }

    /// Makes every operation work again.
    pub fn heal(&self) {
        let mut faults = self.lock();
        faults.failing.clear();
        faults.failing_next.clear();
        faults.refused.clear();
    }

    /// How often an operation was asked for.
    pub fn calls(&self, operation: Operation) -> usize {
        self.lock().calls.get(&operation).copied().unwrap_or(0)
    }

    /// How often any operation was asked for.
    pub fn all_calls(&self) -> usize {
        self.lock().calls.values().sum()
    }

    /// Makes the next such operation wait until it is released.
    pub fn hold(&self, operation: Operation, when: When) -> Held {
        let hold = Arc::new(Hold { reached: Semaphore::new(0), released: Semaphore::new(0) });
        self.lock().holds.push((operation, when, hold.clone()));
        Held(hold)
    }

    /// Loses the messages of its bus from now on, or no longer.
    pub fn lose_messages(&self, loses: bool) {
        self.bus_faults.lose(loses);
    }

    /// The messages of steps that were lost since this was last asked.
    pub fn take_lost(&self) -> Vec<Message> {
        self.bus_faults.take_lost()
    }

    /// Lets whoever listens hear this: a message that was lost, once more or out of order, or nonsense.
    pub fn say(&self, heard: Heard) {
        self.bus_faults.say(heard);
    }

    /// Breaks the connections of all who listen, and lets nobody listen anew while `refuses`.
    pub fn break_bus(&self, refuses: bool) {
        self.bus_faults.refuse(refuses);
    }

    async fn around<T>(&self, operation: Operation, act: Answer<'_, T>) -> Result<T, StoreError> {
        *self.lock().calls.entry(operation).or_default() += 1;
        self.wait(operation, When::Before).await;
        if self.lock().fails(operation) {
            return Err(StoreError::Unreachable { store: "faulty", cause: "it was told to fail".into() });
        }
        let answer = act.await;
        self.wait(operation, When::After).await;
        answer
    }

    async fn wait(&self, operation: Operation, when: When) {
        let hold = {
            let mut faults = self.lock();
            let at = faults.holds.iter().position(|(of, at, _)| (*of, *at) == (operation, when));
            at.map(|at| faults.holds.remove(at).2)
        };
        if let Some(hold) = hold {
            hold.reached.add_permits(1);
            if let Ok(permit) = hold.released.acquire().await {
                permit.forget();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Faults {
    fn fails(&mut self, operation: Operation) -> bool {
        let next = self.failing_next.get_mut(&operation).filter(|left| **left > 0);
        let fails_now = next.map(|left| *left -= 1).is_some();
        fails_now || self.failing.contains(&operation)
    }
}

/// The inner operation is not begun before its hold is released: its future is lazy only if the store is, so it is made
/// inside.
macro_rules! faulty {
    ($self:ident, $operation:ident, $inner:expr) => {
        Box::pin(async move { $self.around(Operation::$operation, Box::pin(async move { $inner.await })).await })
    };
}

impl Store for FaultyStore {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn partitions(&self) -> u16 {
        self.inner.partitions()
    }

    fn read<'a>(&'a self, namespace: &'a str, read: Read<'a>) -> Answer<'a, Snapshot> {
        faulty!(self, Read, self.inner.read(namespace, read))
    }

    fn read_many<'a>(&'a self, namespace: &'a str, reads: &'a [Read<'a>]) -> Answer<'a, Vec<Snapshot>> {
        faulty!(self, Read, self.inner.read_many(namespace, reads))
    }

    fn begin<'a>(&'a self, namespace: &'a str, begin: Begin<'a>) -> Answer<'a, Begun> {
        faulty!(self, Begin, self.inner.begin(namespace, begin))
    }

    fn commit<'a>(&'a self, namespace: &'a str, commit: Commit<'a>) -> Answer<'a, Verdict> {
        faulty!(self, Commit, self.inner.commit(namespace, commit))
    }

    fn bump<'a>(&'a self, namespace: &'a str, dependencies: &'a [Dependency]) -> Answer<'a, Vec<Bump>> {
        faulty!(self, Bump, {
            let refused = dependencies.iter().any(|name| self.lock().refused.contains(name.as_str()));
            let refusal = StoreError::Refused { store: "faulty", cause: "it was told to refuse".into() };
            if refused { Box::pin(std::future::ready(Err(refusal))) } else { self.inner.bump(namespace, dependencies) }
        })
    }

    fn remove<'a>(&'a self, namespace: &'a str, keys: &'a [Key]) -> Answer<'a, Removal> {
        faulty!(self, Remove, self.inner.remove(namespace, keys))
    }

    fn put<'a>(&'a self, namespace: &'a str, put: Put<'a>) -> Answer<'a, Bump> {
        faulty!(self, Put, self.inner.put(namespace, put))
    }

    fn clear<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        faulty!(self, Clear, self.inner.clear(namespace))
    }

    fn search<'a>(&'a self, namespace: &'a str, search: Search<'a>) -> Answer<'a, Page> {
        faulty!(self, Search, self.inner.search(namespace, search))
    }

    fn doubt<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        faulty!(self, Doubt, self.inner.doubt(namespace))
    }

    fn announce<'a>(&'a self, namespace: &'a str, announce: Announce<'a>) -> Answer<'a, Vec<Bump>> {
        faulty!(self, Announce, self.inner.announce(namespace, announce))
    }

    fn settle<'a>(&'a self, namespace: &'a str, settle: Settle<'a>) -> Answer<'a, Vec<Bump>> {
        faulty!(self, Settle, self.inner.settle(namespace, settle))
    }

    fn extend<'a>(&'a self, namespace: &'a str, key: &'a Key, lease: Lease) -> Answer<'a, bool> {
        faulty!(self, Extend, self.inner.extend(namespace, key, lease))
    }

    fn release<'a>(&'a self, namespace: &'a str, key: &'a Key, holder: u64) -> Answer<'a, ()> {
        faulty!(self, Release, self.inner.release(namespace, key, holder))
    }

    fn positions<'a>(&'a self, namespace: &'a str, partitions: &'a [Partition]) -> Answer<'a, Vec<Position>> {
        faulty!(self, Positions, self.inner.positions(namespace, partitions))
    }

    fn bus(&self) -> Option<Arc<dyn Bus>> {
        self.inner.bus().map(|bus| self.bus_faults.bus(bus))
    }

    fn wait_for_replicas(&self, replicas: u8) -> bool {
        self.inner.wait_for_replicas(replicas)
    }

    /// The inner store's: what waits here waits until it is told.
    fn deadlines(&self) -> Option<Deadlines> {
        self.inner.deadlines()
    }

    fn server_of(&self, partition: Partition) -> Option<Arc<str>> {
        self.inner.server_of(partition)
    }
}
