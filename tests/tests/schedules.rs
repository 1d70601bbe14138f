//! The real code under a hundred thousand schedules: nodes, readers, writers, messages, clocks, evictions and callers who
//! give up, in an order that a seed decides. K12, and with it K01 to K11, L01 to L18 and N11 to N14 in all their mixtures.
//!
//! `SCHEDULES=1000000` runs more of them, `SEED=17` runs one and tells what happened.

use cache_runtime::bus::{Heard, Message};
use cache_runtime::testing::{FaultyStore, Node};
use cache_runtime::{Call, Clock, Event, MemoryStore, Store, Token, cache_put, cached, with};
use cache_tests::schedule::{Dice, Schedule, Stepped, pause};
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const BOUND_MS: u64 = 1_000;
const TEST_THREADS: u64 = 4;

/// The row, and how a load of it is slowed down.
#[derive(Clone)]
struct Row {
    version: Arc<AtomicU64>,
    pauses: usize,
}

impl Row {
    async fn read(&self) -> u64 {
        let version = self.version.load(Ordering::SeqCst);
        for _ in 0..self.pauses {
            pause().await;
        }
        version
    }
}

#[cached(key = "schedules:row:<id>", ttl = 600, invalidate_on = ["schedules_changed"], tags = ["schedules"])]
async fn eventual(row: Row, id: u64) -> u64 {
    row.read().await
}

/// What it keeps rests on a generation of its key besides, since it may stand in.
#[cached(
    key = "schedules:row:<id>",
    ttl = 600,
    invalidate_on = ["schedules_changed"],
    tags = ["schedules"],
    stale_if_error = 60,
    consistency = strong
)]
async fn strong(row: Row, id: u64) -> u64 {
    row.read().await
}

#[cache_put(key = "schedules:row:<id>")]
async fn put(row: Row, id: u64) -> u64 {
    let version = row.version.fetch_add(1, Ordering::SeqCst) + 1;
    pause().await;
    version
}

#[cached(
    key = "schedules:kept:<id>",
    ttl = 600,
    invalidate_on = ["schedules_changed"],
    tags = ["schedules"],
    tiers = l1
)]
async fn in_memory(row: Row, id: u64) -> u64 {
    row.read().await
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Grouped {
    version: u64,
    group: u8,
}

#[cached(
    key = "schedules:grouped:<id>",
    ttl = 600,
    invalidate_on = ["schedules_changed"],
    tags = ["schedules:group:<return.group>"]
)]
async fn grouped(row: Row, id: u64) -> Grouped {
    Grouped { version: row.read().await, group: 1 }
}

/// An invalidation that was acknowledged.
#[derive(Clone)]
struct Acknowledged {
    version: u64,
    node: usize,
    at_ms: u64,
    token: Option<Token>,
}

/// What all tasks of a schedule share.
struct World {
    dice: Dice,
    clock: Clock,
    nodes: Vec<Node>,
    memory: MemoryStore,
    row: Row,
    acknowledged: RefCell<Vec<Acknowledged>>,
    /// The newest version that was announced before its commit.
    announced: Cell<u64>,
    /// Whether the store has lost everything, announcements included.
    has_forgotten: Cell<bool>,
    /// Whether invalidating by key reaches all that is read.
    is_keyed: bool,
    writers: usize,
    log: RefCell<String>,
    gives_up: Cell<bool>,
    reads: Cell<usize>,
}

impl World {
    fn new(seed: u64) -> Rc<Self> {
        let dice = Dice::new(seed);
        let clock = Clock::manual();
        let memory = MemoryStore::with_clock(clock.clone()).with_partitions(1 + dice.roll(4) as u16);
        let (shared, bound) = (memory.clone(), Duration::from_millis(BOUND_MS));
        let nodes: [Node; 3] = at_once(Node::on(
            || FaultyStore::new(Stepped::new(shared.clone(), dice.clone())),
            |builder| builder.clock(clock.clone()).max_staleness(bound),
        ))
        .expect("coherent");
        let pauses = if dice.once_in(4) { 60 } else { dice.roll(6) };
        let row = Row { version: Arc::new(AtomicU64::new(1)), pauses };
        let nodes = nodes.into_iter().take(1 + dice.roll(3)).collect();
        let (is_keyed, writers) = (dice.once_in(2), 1 + dice.roll(2));
        Rc::new(Self {
            dice,
            clock,
            nodes,
            memory,
            row,
            acknowledged: RefCell::default(),
            announced: Cell::default(),
            has_forgotten: Cell::default(),
            is_keyed,
            writers,
            log: RefCell::default(),
            gives_up: Cell::default(),
            reads: Cell::default(),
        })
    }

    fn say(&self, what: std::fmt::Arguments<'_>) {
        writeln!(self.log.borrow_mut(), "{:>6} ms  {what}", self.clock.now_ms()).expect("a string takes it");
    }

    /// The newest version that a read on a node may not be older than.
    fn oldest(&self, node: usize, is_strong: bool, after: Option<&Token>) -> u64 {
        let now_ms = self.clock.now_ms();
        let counts = |acknowledged: &&Acknowledged| {
            is_strong
                || acknowledged.node == node
                || acknowledged.at_ms + BOUND_MS <= now_ms
                || after.is_some_and(|token| acknowledged.token.as_ref() == Some(token))
        };
        self.acknowledged.borrow().iter().filter(counts).map(|acknowledged| acknowledged.version).max().unwrap_or(0)
    }

    async fn reader(self: Rc<Self>) {
        for _ in 0..1 + self.dice.roll(6) {
            let at = self.dice.roll(self.nodes.len());
            let node = &self.nodes[at];
            let token = self.acknowledged.borrow().last().and_then(|last| last.token.clone());
            let kind = self.dice.roll(7);
            let after = token.clone().filter(|_| kind == 4);
            let oldest = self.oldest(at, matches!(kind, 1 | 3), after.as_ref());
            self.say(format_args!("node {at} reads, kind {kind}, not older than {oldest}"));
            let row = self.row.clone();
            let version = match (kind, after) {
                (0, _) => node.run(eventual(row, 1)).await,
                (1, _) => node.run(strong(row, 1)).await,
                (2, _) if !self.is_keyed => node.run(in_memory(row, 1)).await,
                (6, _) if !self.is_keyed => node.run(grouped(row, 1)).await.version,
                (3, _) => node.run(with(Call::strong(), eventual(row, 1))).await,
                (4, Some(token)) => node.cache().clone().scope_after(token, eventual(row, 1)).await,
                (5, _) => node.cache().get("schedules:row:1").await.unwrap_or(u64::MAX),
                _ => node.run(eventual(row, 1)).await,
            };
            self.say(format_args!("node {at} has read {version}, kind {kind}"));
            self.reads.set(self.reads.get() + 1);
            assert!(version >= oldest, "node {at} has read {version}, and not {oldest} or newer");
            pause().await;
        }
    }

    async fn writer(self: Rc<Self>) {
        for _ in 0..1 + self.dice.roll(3) {
            let at = self.dice.roll(self.nodes.len());
            let cache = self.nodes[at].cache();
            let changed = || Event::new("schedules_changed").field("id", 1);
            if self.is_keyed && self.dice.once_in(4) {
                self.say(format_args!("node {at} writes through"));
                let version = self.nodes[at].run(put(self.row.clone(), 1)).await;
                self.acknowledge(version, at, None);
                pause().await;
                continue;
            }
            let announced = match self.dice.once_in(3) {
                true => Some(cache.announce([changed()]).await.expect("it is there")),
                false => None,
            };
            let version = self.row.version.fetch_add(1, Ordering::SeqCst) + 1;
            self.say(format_args!("node {at} has written {version}, announced: {}", announced.is_some()));
            if announced.is_some() {
                self.announced.set(version.max(self.announced.get()));
            }
            pause().await;
            if announced.is_some() && self.dice.once_in(3) {
                self.say(format_args!("node {at} dies as a writer of {version}"));
                return;
            }
            let token = match (announced, self.dice.roll(5)) {
                (Some(write), _) => Some(write.settle().await.expect("it is there")),
                (None, 0) if self.is_keyed => {
                    cache.remove("schedules:row:1").await.expect("it is there");
                    None
                }
                // Of two writers who set, the one who wrote first may set last: that is between them.
                (None, 1) if self.is_keyed && self.writers == 1 => {
                    let entry = self.nodes[at].run(async { eventual_entry(1) }).await;
                    entry.set(version).await.expect("it is there");
                    None
                }
                (None, 2) => {
                    Some(cache.invalidate_tags(&["schedules", "schedules:group:1"]).await.expect("it is there"))
                }
                (None, 3) => Some(cache.clear().await.expect("it is there")),
                (None, _) => Some(cache.emit(changed()).await.expect("it is there")),
            };
            self.acknowledge(version, at, token);
            pause().await;
        }
    }

    fn acknowledge(&self, version: u64, node: usize, token: Option<Token>) {
        self.say(format_args!("node {node} has acknowledged {version}"));
        let at_ms = self.clock.now_ms();
        self.acknowledged.borrow_mut().push(Acknowledged { version, node, at_ms, token });
    }

    /// What every node has to see when all is over and the bound has passed.
    fn check_the_end(&self) {
        self.clock.advance(Duration::from_millis(BOUND_MS));
        let announced = if self.has_forgotten.get() { 0 } else { self.announced.get() };
        let oldest = announced.max(self.oldest(0, true, None));
        for (at, node) in self.nodes.iter().enumerate() {
            let version = at_once(node.run(eventual(self.row.clone(), 1)));
            self.say(format_args!("in the end node {at} has read {version}"));
            assert!(version >= oldest, "in the end node {at} has read {version}, and not {oldest} or newer");
        }
    }

    /// Whatever else can happen.
    async fn fate(self: Rc<Self>) {
        for _ in 0..self.dice.roll(12) {
            let what = self.dice.roll(10);
            match what {
                0 => {
                    self.memory.lose_everything();
                    self.has_forgotten.set(true);
                }
                1 => self.memory.evict("", "schedules:row:1"),
                2 => self.memory.evict("", "tag:schedules"),
                3 => self.memory.evict("", "ev:schedules_changed:id=1"),
                5 => self.memory.evict("", "tag:schedules:group:1"),
                4 => self.gives_up.set(true),
                _ => self.clock.advance(Duration::from_millis([100, 400, BOUND_MS][self.dice.roll(3)])),
            }
            self.say(format_args!("fate {what}"));
            pause().await;
        }
    }

    /// What a node hears, which may be late, doubled, out of order or nothing.
    async fn ears(self: Rc<Self>, at: usize, heard: Rc<RefCell<Vec<Message>>>) {
        let node = &self.nodes[at];
        node.set_listening(true);
        let is_deaf = self.dice.once_in(4);
        for _ in 0..60 {
            pause().await;
            let message = {
                let mut heard = heard.borrow_mut();
                let next = if self.dice.once_in(6) { self.dice.roll(heard.len().max(1)) } else { 0 };
                match heard.get(next).cloned() {
                    Some(message) if self.dice.once_in(8) => Some(message),
                    Some(_) => Some(heard.remove(next)),
                    None => None,
                }
            };
            match message {
                Some(_) if is_deaf || self.dice.once_in(10) => {}
                Some(message) => node.hear(&message),
                None if self.dice.once_in(3) => node.beat().await,
                None => {}
            }
        }
        node.set_listening(false);
    }
}

/// What a future without waiting comes to.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// Runs one schedule; tells how many reads there were.
fn run(seed: u64) -> usize {
    let world = World::new(seed);
    let schedule = Schedule::new(world.dice.clone());
    let bus = world.memory.bus().expect("it tells of its steps");
    for at in 0..world.nodes.len() {
        // A node without ears learns by its round trips.
        if world.dice.once_in(4) {
            continue;
        }
        let heard = Rc::new(RefCell::new(Vec::new()));
        let mut feed = at_once(bus.listen("")).expect("it is in this process");
        let arriving = heard.clone();
        schedule.add(async move {
            for _ in 0..80 {
                let next = std::future::poll_fn(|_| {
                    let mut next = feed.next();
                    Poll::Ready(next.as_mut().poll(&mut Context::from_waker(Waker::noop())))
                });
                if let Poll::Ready(Ok(Heard::Step(message))) = next.await {
                    arriving.borrow_mut().push(message);
                }
                pause().await;
            }
        });
        schedule.add(world.clone().ears(at, heard));
    }
    (0..2 + world.dice.roll(4)).for_each(|_| schedule.add(world.clone().reader()));
    (0..world.writers).for_each(|_| schedule.add(world.clone().writer()));
    schedule.add(world.clone().fate());
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        schedule.run(|| world.gives_up.take());
        world.check_the_end();
    }));
    if let Err(panic) = outcome {
        eprintln!("seed {seed}:\n{}", world.log.borrow());
        std::panic::resume_unwind(panic);
    }
    let nodes = &world.nodes;
    assert!(nodes.iter().all(|node| node.cache().stats().flights == 0), "seed {seed}: a flight is left");
    world.reads.get()
}

fn run_part(part: u64) {
    if let Some(seed) = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        run(seed);
        return;
    }
    let schedules: u64 = std::env::var("SCHEDULES").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let reads: usize = (0..schedules / TEST_THREADS).map(|at| run(at * TEST_THREADS + part)).sum();
    println!("{} schedules, {reads} reads", schedules / TEST_THREADS);
    assert!(reads as u64 > schedules / TEST_THREADS, "they should read");
}

#[test]
fn k12_nothing_old_is_served_under_any_schedule_part_0() {
    run_part(0);
}

#[test]
fn k12_nothing_old_is_served_under_any_schedule_part_1() {
    run_part(1);
}

#[test]
fn k12_nothing_old_is_served_under_any_schedule_part_2() {
    run_part(2);
}

#[test]
fn k12_nothing_old_is_served_under_any_schedule_part_3() {
    run_part(3);
}
