//! Tasks in an order that a seed decides: the same seed, the same order, to the step.
//!
//! A task runs from one place where it waits to the next. Wherever the real code waits for a store, [`Stepped`] makes a
//! place before the operation is performed and one after, so that whatever can come in between does.

use cache_runtime::StoreError;
use cache_runtime::bus::Bus;
use cache_runtime::key::{Dependency, Key};
use cache_runtime::stamp::Partition;
use cache_runtime::store::{
    Announce, Answer, Begin, Begun, Bump, Commit, Lease, Position, Put, Read, Removal, Settle, Snapshot, Store, Verdict,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// What decides: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Clone)]
pub struct Dice(Arc<AtomicU64>);

impl Dice {
    /// Dice that fall as the seed says.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// A number below `sides`.
    pub fn roll(&self, sides: usize) -> usize {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }

    /// True once in so many times.
    pub fn once_in(&self, times: usize) -> bool {
        self.roll(times) == 0
    }
}

/// Lets other tasks go first, as often as the dice say.
pub async fn pause() {
    let mut has_waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Tasks that run in the order of the dice.
pub struct Schedule<'a> {
    dice: Dice,
    tasks: RefCell<Vec<(Option<Task<'a>>, Arc<Flag>)>>,
}

impl<'a> Schedule<'a> {
    /// No tasks yet.
    pub fn new(dice: Dice) -> Self {
        Self { dice, tasks: RefCell::default() }
    }

    /// One more task.
    pub fn add(&self, task: impl Future<Output = ()> + 'a) {
        self.tasks.borrow_mut().push((Some(Box::pin(task)), Arc::new(Flag(AtomicBool::new(true)))));
    }

    /// Runs until every task has ended, and tells in how many steps. Before each of them `gives_up` tells whether some
    /// caller does, wherever it is.
    ///
    /// # Panics
    /// If tasks are left and none of them can go on: then something waits for what never comes.
    pub fn run(&self, mut gives_up: impl FnMut() -> bool) -> usize {
        let mut steps = 0;
        loop {
            if gives_up() {
                self.cancel_one();
            }
            let (ready, left) = {
                let tasks = self.tasks.borrow();
                let is_ready = |at: &usize| tasks[*at].0.is_some() && tasks[*at].1.0.load(Ordering::SeqCst);
                let ready: Vec<usize> = (0..tasks.len()).filter(is_ready).collect();
                (ready, tasks.iter().filter(|(task, _)| task.is_some()).count())
            };
            if left == 0 {
                return steps;
            }
            assert!(!ready.is_empty(), "{left} tasks wait for what never comes");
            self.step(ready[self.dice.roll(ready.len())]);
            steps += 1;
        }
    }

    /// Drops a task that still runs.
    fn cancel_one(&self) {
        let mut tasks = self.tasks.borrow_mut();
        let running: Vec<usize> = (0..tasks.len()).filter(|at| tasks[*at].0.is_some()).collect();
        if !running.is_empty() {
            let cancelled = tasks[running[self.dice.roll(running.len())]].0.take();
            drop(tasks);
            drop(cancelled);
        }
    }

    fn step(&self, at: usize) {
        let (mut task, flag) = {
            let mut tasks = self.tasks.borrow_mut();
            (tasks[at].0.take().expect("it is ready"), tasks[at].1.clone())
        };
        flag.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(flag);
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            self.tasks.borrow_mut()[at].0 = Some(task);
        }
    }
}

/// A store that waits before and after each operation, and in the midst of those that are not atomic everywhere: a read
/// and a step may come to one partition after the other.
pub struct Stepped<S> {
    inner: S,
    dice: Dice,
}

impl<S: Store> Stepped<S> {
    /// Around a store.
    pub fn new(inner: S, dice: Dice) -> Self {
        Self { inner, dice }
    }

    /// One partition after the other, in any order; of that of the key, the entry at last.
    async fn read_in_parts(&self, namespace: &str, read: Read<'_>) -> Result<Snapshot, StoreError> {
        let mut parts = self.by_partition(read.dependencies);
        let home = read.key.partition(self.partitions());
        if parts.iter().all(|here| here[0].partition(self.partitions()) != home) {
            parts.push(Vec::new());
        }
        let mut whole = Snapshot { entry: None, partitions: Vec::new(), generations: Vec::new() };
        let mut generations = HashMap::new();
        while !parts.is_empty() {
            let here = parts.swap_remove(self.dice.roll(parts.len()));
            let partition = here.first().map_or(home, |name| name.partition(self.partitions()));
            let part = self.inner.read(namespace, Read { dependencies: &here, ..read }).await?;
            whole.partitions.extend(part.partitions.into_iter().filter(|(of, _)| *of == partition));
            generations.extend(here.iter().map(|name| name.as_str().to_owned()).zip(part.generations));
            pause().await;
            if partition == home {
                whole.entry = self.inner.read(namespace, Read { dependencies: &[], ..read }).await?.entry;
                pause().await;
            }
        }
        let generation = |name: &Dependency| generations.get(name.as_str()).copied().flatten();
        whole.generations = read.dependencies.iter().map(generation).collect();
        Ok(whole)
    }

    /// The dependencies of each partition.
    fn by_partition(&self, dependencies: &[Dependency]) -> Vec<Vec<Dependency>> {
        let of = |partition: u16| {
            let here = |name: &&Dependency| name.partition(self.partitions()).0 == partition;
            dependencies.iter().filter(here).cloned().collect::<Vec<_>>()
        };
        (0..self.partitions()).map(of).filter(|here| !here.is_empty()).collect()
    }

    async fn around<T>(act: Answer<'_, T>) -> Result<T, StoreError> {
        pause().await;
        let answer = act.await;
        pause().await;
        answer
    }
}

/// The inner operation is begun between the two places, not when it is asked for.
macro_rules! stepped {
    ($inner:expr) => {
        Box::pin(async move { Self::around(Box::pin(async move { $inner.await })).await })
    };
}

impl<S: Store> Store for Stepped<S> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn partitions(&self) -> u16 {
        self.inner.partitions()
    }

    fn read<'a>(&'a self, namespace: &'a str, read: Read<'a>) -> Answer<'a, Snapshot> {
        if self.dice.once_in(2) {
            return stepped!(self.read_in_parts(namespace, read));
        }
        stepped!(self.inner.read(namespace, read))
    }

    fn begin<'a>(&'a self, namespace: &'a str, begin: Begin<'a>) -> Answer<'a, Begun> {
        stepped!(self.inner.begin(namespace, begin))
    }

    fn commit<'a>(&'a self, namespace: &'a str, commit: Commit<'a>) -> Answer<'a, Verdict> {
        stepped!(self.inner.commit(namespace, commit))
    }

    fn bump<'a>(&'a self, namespace: &'a str, dependencies: &'a [Dependency]) -> Answer<'a, Vec<Bump>> {
        stepped!(async {
            let mut bumps = Vec::new();
            for here in self.by_partition(dependencies) {
                pause().await;
                bumps.extend(self.inner.bump(namespace, &here).await?);
            }
            Ok(bumps)
        })
    }

    fn remove<'a>(&'a self, namespace: &'a str, keys: &'a [Key]) -> Answer<'a, Removal> {
        stepped!(self.inner.remove(namespace, keys))
    }

    fn put<'a>(&'a self, namespace: &'a str, put: Put<'a>) -> Answer<'a, Bump> {
        stepped!(self.inner.put(namespace, put))
    }

    fn clear<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        stepped!(self.inner.clear(namespace))
    }

    fn announce<'a>(&'a self, namespace: &'a str, announce: Announce<'a>) -> Answer<'a, Vec<Bump>> {
        stepped!(async {
            let mut bumps = Vec::new();
            for here in self.by_partition(announce.dependencies) {
                pause().await;
                bumps.extend(self.inner.announce(namespace, Announce { dependencies: &here, ..announce }).await?);
            }
            Ok(bumps)
        })
    }

    fn settle<'a>(&'a self, namespace: &'a str, settle: Settle<'a>) -> Answer<'a, Vec<Bump>> {
        stepped!(async {
            let mut bumps = Vec::new();
            for here in self.by_partition(settle.dependencies) {
                pause().await;
                bumps.extend(self.inner.settle(namespace, Settle { dependencies: &here, ..settle }).await?);
            }
            Ok(bumps)
        })
    }

    fn extend<'a>(&'a self, namespace: &'a str, key: &'a Key, lease: Lease) -> Answer<'a, bool> {
        stepped!(self.inner.extend(namespace, key, lease))
    }

    fn release<'a>(&'a self, namespace: &'a str, key: &'a Key, holder: u64) -> Answer<'a, ()> {
        stepped!(self.inner.release(namespace, key, holder))
    }

    fn positions<'a>(&'a self, namespace: &'a str, partitions: &'a [Partition]) -> Answer<'a, Vec<Position>> {
        stepped!(self.inner.positions(namespace, partitions))
    }

    fn bus(&self) -> Option<Arc<dyn Bus>> {
        self.inner.bus()
    }
}
