//! Tasks in an order that a seed decides: the same seed, the same order, to the step.
//!
//! A task runs from one place where it waits to the next. Wherever the real code waits for a store, [`Stepped`] makes a
//! place before the operation is performed and one after, so that whatever can come in between does.

use cache_runtime::StoreError;
use cache_runtime::bus::Bus;
use cache_runtime::key::{Dependency, Key};
use cache_runtime::stamp::Partition;
use cache_runtime::store::{
    Announce, Answer, Begin, Begun, Bump, Commit, Position, Put, Read, Removal, Settle, Snapshot, Store, Verdict,
};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// What decides: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Clone)]
pub struct Dice(Rc<Cell<u64>>);

impl Dice {
    /// Dice that fall as the seed says.
    pub fn new(seed: u64) -> Self {
        Self(Rc::new(Cell::new(seed)))
    }

    /// A number below `sides`.
    pub fn roll(&self, sides: usize) -> usize {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
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

/// A store that waits before and after each operation.
pub struct Stepped<S>(pub S);

impl<S: Store> Stepped<S> {
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
        self.0.name()
    }

    fn partitions(&self) -> u16 {
        self.0.partitions()
    }

    fn read<'a>(&'a self, namespace: &'a str, read: Read<'a>) -> Answer<'a, Snapshot> {
        stepped!(self.0.read(namespace, read))
    }

    fn begin<'a>(&'a self, namespace: &'a str, begin: Begin<'a>) -> Answer<'a, Begun> {
        stepped!(self.0.begin(namespace, begin))
    }

    fn commit<'a>(&'a self, namespace: &'a str, commit: Commit<'a>) -> Answer<'a, Verdict> {
        stepped!(self.0.commit(namespace, commit))
    }

    fn bump<'a>(&'a self, namespace: &'a str, dependencies: &'a [Dependency]) -> Answer<'a, Vec<Bump>> {
        stepped!(self.0.bump(namespace, dependencies))
    }

    fn remove<'a>(&'a self, namespace: &'a str, keys: &'a [Key]) -> Answer<'a, Removal> {
        stepped!(self.0.remove(namespace, keys))
    }

    fn put<'a>(&'a self, namespace: &'a str, put: Put<'a>) -> Answer<'a, Bump> {
        stepped!(self.0.put(namespace, put))
    }

    fn clear<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        stepped!(self.0.clear(namespace))
    }

    fn announce<'a>(&'a self, namespace: &'a str, announce: Announce<'a>) -> Answer<'a, Vec<Bump>> {
        stepped!(self.0.announce(namespace, announce))
    }

    fn settle<'a>(&'a self, namespace: &'a str, settle: Settle<'a>) -> Answer<'a, Vec<Bump>> {
        stepped!(self.0.settle(namespace, settle))
    }

    fn positions<'a>(&'a self, namespace: &'a str, partitions: &'a [Partition]) -> Answer<'a, Vec<Position>> {
        stepped!(self.0.positions(namespace, partitions))
    }

    fn bus(&self) -> Option<Arc<dyn Bus>> {
        self.0.bus()
    }
}
