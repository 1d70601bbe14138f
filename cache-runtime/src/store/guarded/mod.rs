//! Any store, guarded: deadlines, retries, a breaker for each of its servers, and a bound on what is under way at once.
//!
//! Settles what becomes of an operation when the store is slow or away. It is itself a store, and the only place that
//! repeats an operation: what has been performed for all one knows is repeated only if doing it twice is harmless.

mod again;
mod bus;
mod circuits;
mod resilience;
mod waits;

pub use circuits::BreakerChange;
pub use resilience::{Deadlines, Resilience};
pub(crate) use waits::{Asking, as_one_call, as_same_call, forgive};

use super::{
    Announce, Answer, Begin, Begun, Bump, Commit, Lease, Page, Position, Put, Read, Removal, Search, Settle, Snapshot,
    Store, Verdict,
};
use crate::breaker::BreakerState;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::key::{Dependency, Key, Name};
use crate::stamp::Partition;
use crate::telemetry::{Histogram, Times};
use circuits::{Circuits, Passes};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use waits::{Limit, within};

/// A store with its guard; clones share both.
///
/// A cache puts one around its store by itself, with what [`Builder::resilience`](crate::Builder::resilience) says.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::store::{BreakerState, Guarded, Resilience, Store};
/// use cache_runtime::testing::{FaultyStore, Operation};
/// use cache_runtime::{Clock, MemoryStore, StoreError};
/// use std::sync::Arc;
///
/// let faulty = FaultyStore::new(MemoryStore::new());
/// let store = Guarded::new(Arc::new(faulty.clone()), Resilience::default(), Clock::manual());
/// faulty.fail(Operation::Positions);
/// for _ in 0..5 {
///     store.positions("ns", &[]).await.unwrap_err();
/// }
/// assert_eq!(store.breakers(), [(None, BreakerState::Open)]);
/// assert!(matches!(store.positions("ns", &[]).await, Err(StoreError::BreakerOpen { .. })));
/// # }
/// ```
#[derive(Clone)]
pub struct Guarded(Arc<Guard>);

struct Guard {
    inner: Arc<dyn Store>,
    resilience: Resilience,
    /// The breakers' clock.
    clock: Clock,
    /// The deadlines': a server does not live by a manual clock.
    real: Clock,
    circuits: Circuits,
    under_way: UnderWay,
    retries: AtomicU64,
    /// How long operations took, by their [`Sort`].
    times: [Times; 4],
}

/// How many operations there are at the moment. Invalidations have room of their own: reads cannot keep them out.
#[derive(Default)]
struct UnderWay {
    reads: AtomicUsize,
    invalidations: AtomicUsize,
}

/// What may be done with an operation that failed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// A question. Asked again while there is time.
    Question,
    /// The same, by the deadline of writes.
    Preparation,
    /// Changes what a second attempt would find.
    Once,
    /// Harmless to do twice, and wanted done: repeated even if it may have been performed.
    Invalidation,
}

impl Guarded {
    /// Guards a store. Breakers go by `clock`; deadlines, and pauses between attempts, are of real time.
    pub fn new(inner: Arc<dyn Store>, resilience: Resilience, clock: Clock) -> Self {
        Self::telling(inner, resilience, clock, |_| {})
    }

    /// The same, telling somebody whenever a breaker opens, lets a probe through, or closes.
    pub fn telling(
        inner: Arc<dyn Store>,
        resilience: Resilience,
        clock: Clock,
        tell: impl Fn(&BreakerChange<'_>) + Send + Sync + 'static,
    ) -> Self {
        let circuits = Circuits::new(inner.name(), resilience.breaker, Box::new(tell));
        let (real, under_way, retries) = (clock.or_system(), UnderWay::default(), AtomicU64::new(0));
        Self(Arc::new(Guard {
            inner,
            resilience,
            clock,
            real,
            circuits,
            under_way,
            retries,
            times: Default::default(),
        }))
    }

    /// As [`read`](Store::read), in the caller's own future.
    pub(crate) async fn ask(&self, namespace: &str, read: &Read<'_>) -> Result<Snapshot, StoreError> {
        let partitions = self.0.of(read.dependencies.iter().chain([read.key]));
        self.0.performed(Sort::Question, &partitions, None, &|| self.0.inner.read(namespace, *read)).await
    }

    /// The same as the first question of a call, whose waits in vain it is told.
    pub(crate) async fn ask_first(
        &self,
        namespace: &str,
        read: &Read<'_>,
        asking: &Asking,
    ) -> Result<Snapshot, StoreError> {
        let partitions = self.0.of(read.dependencies.iter().chain([read.key]));
        self.0.performed(Sort::Question, &partitions, Some(asking), &|| self.0.inner.read(namespace, *read)).await
    }

    /// What is asked from now on, by the clock of the cache if that is the system's.
    pub(crate) fn asking(&self) -> Asking {
        Asking::since(self.0.real.elapsed())
    }

    /// As [`bump`](Store::bump), in the caller's own future.
    pub(crate) async fn raise(&self, namespace: &str, of: &[Dependency]) -> Result<Vec<Bump>, StoreError> {
        self.0.performed(Sort::Invalidation, &self.0.of(of), None, &|| self.0.inner.bump(namespace, of)).await
    }

    /// The servers that were asked so far, by name where the store knows it, and the states of their breakers.
    #[must_use]
    pub fn breakers(&self) -> Vec<(Option<Arc<str>>, BreakerState)> {
        self.0.circuits.states(self.0.inner.as_ref())
    }

    /// How many of the breakers are not closed.
    pub(crate) fn breakers_open(&self) -> u64 {
        self.breakers().iter().filter(|(_, state)| *state != BreakerState::Closed).count() as u64
    }

    /// How many operations are under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        let under_way = &self.0.under_way;
        under_way.reads.load(Ordering::Relaxed) + under_way.invalidations.load(Ordering::Relaxed)
    }

    /// How long operations of each kind took.
    pub(crate) fn times(&self) -> Vec<(&'static str, Histogram)> {
        ["read", "begin", "write", "invalidate"].into_iter().zip(self.0.times.iter().map(Times::read)).collect()
    }

    /// How often an operation was attempted once more.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.0.retries.load(Ordering::Relaxed)
    }
}

impl Guard {
    /// Performs an operation that has to do with these partitions, if their servers' breakers let it through.
    async fn perform<'a, T>(
        &self,
        sort: Sort,
        partitions: Vec<Partition>,
        act: impl Fn() -> Answer<'a, T>,
    ) -> Result<T, StoreError> {
        self.performed(sort, &partitions, None, &act).await
    }

    /// The same of what stays where it is: a future has room twice for what it is given.
    async fn performed<'a, T>(
        &self,
        sort: Sort,
        partitions: &[Partition],
        first: Option<&Asking>,
        act: &impl Fn() -> Answer<'a, T>,
    ) -> Result<T, StoreError> {
        let limit = self.limit(sort, first.is_some())?;
        let _under_way = self.enter(sort)?;
        let passes = self.circuits.admit(&*self.inner, partitions, || self.clock.now_ms())?;
        let started = first.map_or_else(|| self.real.elapsed(), Asking::began);
        // In boxes, what is seldom: every operation would have room for it.
        let answer = match limit.ours() {
            None => act().await,
            ours => Box::pin(within(ours, self.inner.name(), act())).await,
        };
        let answer = match &answer {
            Err(error) if sort.may_repeat(error) => Box::pin(self.repeated(sort, limit, started, act, answer)).await,
            _ => answer,
        };
        let ended = self.real.elapsed();
        let took = ended.saturating_sub(started);
        self.times[sort as usize].note(took);
        first.into_iter().for_each(|asking| asking.end(ended));
        if let Err(StoreError::Unreachable { .. } | StoreError::Timeout { .. }) = &answer {
            limit.was_in_vain(took, first);
        }
        self.judge(passes, answer.as_ref().err(), limit);
        answer
    }

    fn enter(&self, sort: Sort) -> Result<Room<'_>, StoreError> {
        let taken = match sort {
            Sort::Invalidation => &self.under_way.invalidations,
            Sort::Question | Sort::Preparation | Sort::Once => &self.under_way.reads,
        };
        let (room, limit) = (Room(taken), self.resilience.max_in_flight);
        if taken.fetch_add(1, Ordering::Relaxed) < limit {
            return Ok(room);
        }
        Err(StoreError::TooManyInFlight { store: self.inner.name(), limit })
    }

    /// A server that refuses is one that answers.
    fn judge(&self, passes: Passes<'_>, error: Option<&StoreError>, limit: Limit) {
        let counts_timeouts = limit.is_fair && self.resilience.breaker.is_some_and(|breaker| breaker.counts_timeouts);
        match error {
            Some(StoreError::Unreachable { .. }) => passes.failed(self.clock.now_ms()),
            Some(StoreError::Timeout { .. }) if counts_timeouts => passes.failed(self.clock.now_ms()),
            Some(StoreError::Timeout { .. } | StoreError::BreakerOpen { .. } | StoreError::TooManyInFlight { .. }) => {}
            Some(_) | None => passes.succeeded(),
        }
    }

    /// The partitions of these names, each once; none where there is only one.
    fn of<'n>(&self, names: impl IntoIterator<Item = &'n Name>) -> Vec<Partition> {
        let count = self.inner.partitions();
        if count == 1 {
            return Vec::new();
        }
        let mut partitions: Vec<_> = names.into_iter().map(|name| name.partition(count)).collect();
        partitions.sort_unstable();
        partitions.dedup();
        partitions
    }
}

/// The room that an operation takes up.
struct Room<'a>(&'a AtomicUsize);

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Store for Guarded {
    fn name(&self) -> &'static str {
        self.0.inner.name()
    }

    fn partitions(&self) -> u16 {
        self.0.inner.partitions()
    }

    fn read<'a>(&'a self, namespace: &'a str, read: Read<'a>) -> Answer<'a, Snapshot> {
        Box::pin(async move { self.ask(namespace, &read).await })
    }

    fn read_many<'a>(&'a self, namespace: &'a str, reads: &'a [Read<'a>]) -> Answer<'a, Vec<Snapshot>> {
        let partitions = self.0.of(reads.iter().flat_map(|read| read.dependencies.iter().chain([read.key])));
        Box::pin(self.0.perform(Sort::Question, partitions, move || self.0.inner.read_many(namespace, reads)))
    }

    fn begin<'a>(&'a self, namespace: &'a str, begin: Begin<'a>) -> Answer<'a, Begun> {
        let partitions = self.0.of(begin.dependencies.iter().chain([begin.key]));
        // A lease that was taken without our hearing of it is given to its holder again.
        Box::pin(self.0.perform(Sort::Preparation, partitions, move || self.0.inner.begin(namespace, begin)))
    }

    fn commit<'a>(&'a self, namespace: &'a str, commit: Commit<'a>) -> Answer<'a, Verdict> {
        let partitions = self.0.of([commit.key]);
        Box::pin(self.0.perform(Sort::Once, partitions, move || self.0.inner.commit(namespace, commit)))
    }

    fn bump<'a>(&'a self, namespace: &'a str, dependencies: &'a [Dependency]) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.raise(namespace, dependencies))
    }

    fn remove<'a>(&'a self, namespace: &'a str, keys: &'a [Key]) -> Answer<'a, Removal> {
        let act = move || self.0.inner.remove(namespace, keys);
        Box::pin(self.0.perform(Sort::Invalidation, self.0.of(keys), act))
    }

    fn put<'a>(&'a self, namespace: &'a str, put: Put<'a>) -> Answer<'a, Bump> {
        Box::pin(self.0.perform(Sort::Once, self.0.of([put.key]), move || self.0.inner.put(namespace, put)))
    }

    fn clear<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        let all = (0..self.partitions()).map(Partition).collect();
        Box::pin(self.0.perform(Sort::Invalidation, all, move || self.0.inner.clear(namespace)))
    }

    fn search<'a>(&'a self, namespace: &'a str, search: Search<'a>) -> Answer<'a, Page> {
        let asked = if self.partitions() == 1 { Vec::new() } else { vec![Partition(search.from.partition)] };
        // Of thousands of pages one may come late; it changes nothing to ask for it again.
        Box::pin(self.0.perform(Sort::Invalidation, asked, move || self.0.inner.search(namespace, search)))
    }

    fn doubt<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        let all = (0..self.partitions()).map(Partition).collect();
        Box::pin(self.0.perform(Sort::Invalidation, all, move || self.0.inner.doubt(namespace)))
    }

    fn announce<'a>(&'a self, namespace: &'a str, announce: Announce<'a>) -> Answer<'a, Vec<Bump>> {
        let act = move || self.0.inner.announce(namespace, announce);
        Box::pin(self.0.perform(Sort::Invalidation, self.0.of(announce.dependencies), act))
    }

    fn settle<'a>(&'a self, namespace: &'a str, settle: Settle<'a>) -> Answer<'a, Vec<Bump>> {
        let act = move || self.0.inner.settle(namespace, settle);
        Box::pin(self.0.perform(Sort::Invalidation, self.0.of(settle.dependencies), act))
    }

    fn extend<'a>(&'a self, namespace: &'a str, key: &'a Key, lease: Lease) -> Answer<'a, bool> {
        let act = move || self.0.inner.extend(namespace, key, lease);
        Box::pin(self.0.perform(Sort::Preparation, self.0.of([key]), act))
    }

    fn release<'a>(&'a self, namespace: &'a str, key: &'a Key, holder: u64) -> Answer<'a, ()> {
        let act = move || self.0.inner.release(namespace, key, holder);
        Box::pin(self.0.perform(Sort::Preparation, self.0.of([key]), act))
    }

    /// Of partitions whose servers are not asked it says nothing: the others' leases are renewed all the same.
    fn positions<'a>(&'a self, namespace: &'a str, partitions: &'a [Partition]) -> Answer<'a, Vec<Position>> {
        Box::pin(async move {
            let asked = self.0.circuits.reachable(&*self.0.inner, partitions, self.0.clock.now_ms());
            let asked = if asked.is_empty() { partitions.to_vec() } else { asked };
            let act = || self.0.inner.positions(namespace, &asked);
            self.0.perform(Sort::Question, asked.clone(), act).await
        })
    }

    fn bus(&self) -> Option<Arc<dyn Bus>> {
        self.0.inner.bus().map(|inner| bus::guarded(inner, self.0.clone()))
    }

    fn wait_for_replicas(&self, replicas: u8) -> bool {
        self.0.inner.wait_for_replicas(replicas)
    }

    fn deadlines(&self) -> Option<Deadlines> {
        self.0.resilience.deadlines.or(self.0.inner.deadlines())
    }

    fn server_of(&self, partition: Partition) -> Option<Arc<str>> {
        self.0.inner.server_of(partition)
    }
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = &self.0;
        f.debug_struct("Guarded").field("store", &of.inner.name()).field("resilience", &of.resilience).finish()
    }
}
