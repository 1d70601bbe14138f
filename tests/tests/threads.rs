//! Nodes, readers and writers on several threads, by the real clock: what a schedule on one thread cannot show.

use cache_runtime::testing::{FaultyStore, Node};
use cache_runtime::{Cache, Event, MemoryStore, RedisStore, cached};
use cache_tests::schedule::Dice;
use cache_tests::{RedisCluster, RedisServer, eventually};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const BOUND: Duration = Duration::from_millis(200);
/// How long it goes on, and on a machine that does little in that time, at most.
const LASTS: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);
/// So much has to be done for it to have shown anything.
const ENOUGH: u64 = 100;
const KEYS: usize = 6;
const NODES: usize = 3;

/// A row, and what was acknowledged of it.
#[derive(Default)]
struct Row {
    version: AtomicU64,
    acknowledged: Mutex<Vec<(u64, usize, Instant)>>,
}

impl Row {
    /// The newest version that a read on a node, beginning now, may not be older than.
    fn oldest(&self, node: usize, is_strong: bool) -> u64 {
        let now = Instant::now();
        let acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = |(_, by, at): &&(u64, usize, Instant)| is_strong || *by == node || now - *at >= BOUND;
        acknowledged.iter().filter(counts).map(|(version, ..)| *version).max().unwrap_or(0)
    }

    fn acknowledge(&self, version: u64, node: usize) {
        let mut acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        acknowledged.push((version, node, Instant::now()));
        // The newest of each node, and whatever is younger than the bound.
        let newest: Vec<u64> = (0..NODES)
            .map(|of| acknowledged.iter().filter(|entry| entry.1 == of).map(|entry| entry.0).max().unwrap_or(0))
            .collect();
        acknowledged.retain(|(version, by, at)| newest[*by] == *version || at.elapsed() < 2 * BOUND);
    }
}

type Rows = Arc<[Row; KEYS]>;

/// Whether it is time to end.
#[derive(Clone)]
struct Until {
    began: Instant,
    writes: Arc<AtomicU64>,
}

impl Until {
    fn is_over(&self) -> bool {
        let elapsed = self.began.elapsed();
        elapsed > PATIENCE || (elapsed > LASTS && self.writes.load(Ordering::Relaxed) > ENOUGH)
    }
}

async fn load(rows: &Rows, id: usize, slow_ms: u64) -> u64 {
    let version = rows[id].version.load(Ordering::SeqCst);
    if slow_ms > 0 {
        tokio::time::sleep(Duration::from_millis(slow_ms)).await;
    }
    version
}

#[cached(key = "threads:row:<id>", ttl = 60, invalidate_on = ["threads_row_changed"], tags = ["threads"], skip(slow_ms))]
async fn eventual(rows: &Rows, id: usize, slow_ms: u64) -> u64 {
    load(rows, id, slow_ms).await
}

#[cached(
    key = "threads:row:<id>",
    ttl = 60,
    invalidate_on = ["threads_row_changed"],
    tags = ["threads"],
    skip(slow_ms),
    consistency = strong
)]
async fn strong(rows: &Rows, id: usize, slow_ms: u64) -> u64 {
    load(rows, id, slow_ms).await
}

async fn read(node: Node, at: usize, rows: Rows, dice: Dice, until: Until) -> u64 {
    let mut reads = 0;
    while !until.is_over() {
        let id = dice.roll(KEYS);
        let slow_ms = if dice.once_in(10) { 1 + dice.roll(20) as u64 } else { 0 };
        let is_strong = dice.once_in(3);
        let oldest = rows[id].oldest(at, is_strong);
        let version = match is_strong {
            true => node.run(strong(&rows, id, slow_ms)).await,
            false => node.run(eventual(&rows, id, slow_ms)).await,
        };
        assert!(version >= oldest, "node {at}, strong {is_strong}: row {id} is {version}, and not {oldest} or newer");
        reads += 1;
        // A hit never waits, and would keep the thread to itself.
        tokio::task::yield_now().await;
    }
    reads
}

/// Writes and invalidates; what was not acknowledged binds nobody. Tells how often that was.
async fn write(cache: Cache, at: usize, rows: Rows, dice: Dice, until: Until) -> u64 {
    let mut failures = 0;
    while !until.is_over() {
        let id = dice.roll(KEYS);
        let changed = || Event::new("threads_row_changed").field("id", id);
        let announced = if dice.once_in(4) { cache.announce([changed()]).await.ok() } else { None };
        let version = rows[id].version.fetch_add(1, Ordering::SeqCst) + 1;
        let done = match (announced, dice.roll(8)) {
            (Some(write), _) => write.settle().await.map(drop),
            (None, 0) => cache.remove(&format!("threads:row:{id}")).await.map(drop),
            (None, 1) => cache.invalidate_tag("threads").await.map(drop),
            (None, 2) => cache.clear().await.map(drop),
            (None, _) => cache.emit(changed()).await.map(drop),
        };
        match done {
            Ok(()) => {
                rows[id].acknowledge(version, at);
                until.writes.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => failures += 1,
        }
        tokio::time::sleep(Duration::from_millis(dice.roll(5) as u64)).await;
    }
    failures
}

/// Tells how many invalidations were not acknowledged.
async fn run(store: impl Fn() -> FaultyStore) -> u64 {
    let nodes: [Node; NODES] = Node::on(store, |builder| builder.max_staleness(BOUND)).await.expect("coherent");
    // A cluster takes its time until it answers first.
    eventually(|| nodes.iter().all(|node| node.cache().stats().is_listening)).await;
    let (rows, until) = (Rows::default(), Until { began: Instant::now(), writes: Arc::default() });
    let (mut readers, mut writers) = (JoinSet::new(), JoinSet::new());
    for (at, node) in nodes.iter().enumerate() {
        for seed in 0..4 {
            let dice = Dice::new((at * 10 + seed) as u64);
            readers.spawn(read(node.clone(), at, rows.clone(), dice, until.clone()));
        }
        writers.spawn(write(node.cache().clone(), at, rows.clone(), Dice::new(at as u64), until.clone()));
    }
    let reads: u64 = readers.join_all().await.into_iter().sum();
    let failures: u64 = writers.join_all().await.into_iter().sum();
    let writes = until.writes.load(Ordering::Relaxed);
    println!("{reads} reads, {writes} invalidations, {failures} not acknowledged");
    let hits: u64 = nodes.iter().map(|node| node.cache().stats().l1_hits).sum();
    assert!(writes > ENOUGH && hits > ENOUGH, "{writes} invalidations, {hits} hits in memory");
    assert!(nodes.iter().all(|node| node.cache().stats().flights == 0), "a flight is left");
    failures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_old_is_served_on_several_threads_in_memory() {
    let memory = MemoryStore::new().with_partitions(3);
    assert_eq!(run(|| FaultyStore::new(memory.clone())).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_old_is_served_on_several_threads_over_redis() {
    let server = RedisServer::start();
    let patience = Duration::from_secs(5);
    let store = || {
        let redis = RedisStore::lazy(&server.url()).expect("an address");
        FaultyStore::new(redis.with_read_deadline(patience).with_write_deadline(patience))
    };
    assert_eq!(run(store).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_old_is_served_while_a_primary_of_a_cluster_dies() {
    let mut cluster = RedisCluster::start_brittle();
    let url = cluster.url();
    let store = || FaultyStore::new(RedisStore::lazy(&url).expect("an address"));
    let killer = std::thread::spawn(move || {
        std::thread::sleep(LASTS / 3);
        cluster.kill_owner("{p0}");
        cluster
    });
    run(store).await;
    let _ended = killer.join().expect("it was there to be killed");
}
