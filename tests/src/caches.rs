//! The same test over every kind of store.

use crate::{RedisCluster, RedisServer};
use cache_runtime::testing::{FaultyStore, Node};
use cache_runtime::{Builder, Cache, Clock, MemoryStore, RedisStore};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What stands behind the memory of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing.
    Nothing,
    /// A store in memory.
    Memory,
    /// A real Redis.
    Redis,
    /// A real Redis Cluster, which has been started by whoever runs these tests: see [`CLUSTER`].
    Cluster,
}

/// The variable that names a cluster. With it, tests run over that cluster and over nothing else.
///
/// A cluster takes seconds to start, so that one test starts one and runs the others again in a process of theirs.
pub const CLUSTER: &str = "CACHE_TESTS_CLUSTER";

static REDIS: LazyLock<RedisServer> = LazyLock::new(RedisServer::start);
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Starts a cluster and has this program run some of its tests again, over that. Returns what they said.
///
/// # Panics
/// If one of them fails.
pub fn again_over_a_cluster(names: &[&str]) -> String {
    let cluster = RedisCluster::start();
    let mut again = Command::new(std::env::current_exe().expect("a test has a path"));
    again.args(names).arg("--test-threads=2").env(CLUSTER, cluster.url());
    let done = again.output().expect("it runs");
    let said = [&done.stdout, &done.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    println!("{said}");
    assert!(done.status.success(), "over a cluster");
    said
}

fn cluster() -> Option<String> {
    std::env::var(CLUSTER).ok()
}

/// Runs a test over nothing, over a store in memory, and over a real Redis; each with a cache and a manual clock of its
/// own, which the cached functions find as the task's.
pub async fn on_each(test: impl AsyncFn(Cache, Over)) {
    for over in overs().iter().copied() {
        eprintln!("over {over:?}");
        let clock = Clock::manual();
        let builder = Cache::builder().clock(clock.clone()).namespace(fresh_namespace());
        let builder = match over {
            Over::Nothing => builder,
            Over::Memory => builder.store(MemoryStore::with_clock(clock)),
            Over::Redis | Over::Cluster => builder.store(redis_store().await),
        };
        let cache = builder.build().await.expect("these tests do not contradict each other");
        cache.clone().scope(test(cache, over)).await;
    }
}

pub(crate) fn overs() -> &'static [Over] {
    if cluster().is_some() { &[Over::Cluster] } else { &[Over::Nothing, Over::Memory, Over::Redis] }
}

/// Runs a test on nodes that share a store in memory, and on nodes that share a real Redis. Each has a memory of its own;
/// they go by one manual clock, and hold for 500 ms what they know of the store.
pub async fn on_nodes<const N: usize>(test: impl AsyncFn([Node; N])) {
    let clock = Clock::manual();
    on_nodes_with([(); N].map(|()| clock.clone()), |builder| builder, test).await;
}

/// The same, each node with a clock of its own, and built with what `configure` adds.
pub async fn on_nodes_with<const N: usize>(
    clocks: [Clock; N],
    configure: impl Fn(Builder) -> Builder,
    test: impl AsyncFn([Node; N]),
) {
    let overs: &[Over] = if cluster().is_some() { &[Over::Cluster] } else { &[Over::Memory, Over::Redis] };
    for over in overs {
        eprintln!("over {over:?}");
        let namespace = fresh_namespace();
        let memory = MemoryStore::with_clock(clocks[0].clone());
        let redis = redis_store().await;
        let store = || match over {
            Over::Redis | Over::Cluster => FaultyStore::new(redis.clone()),
            _ => FaultyStore::new(memory.clone()),
        };
        let next = std::cell::Cell::new(0);
        let configure = |builder: Builder| {
            let clock = clocks[next.replace(next.get() + 1)].clone();
            configure(builder.clock(clock).namespace(namespace.clone()).max_staleness(BOUND))
        };
        let nodes: [Node; N] = Node::on(store, configure).await.expect("coherent");
        for node in &nodes {
            eventually(|| node.cache().stats().is_listening).await;
        }
        test(nodes).await;
    }
}

/// The bound of the nodes of [`on_nodes`].
pub const BOUND: Duration = Duration::from_millis(500);

/// Waits for what another task or server brings about.
///
/// # Panics
/// If it has not come about after ten seconds or more.
pub async fn eventually(mut is_so: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        Node::settle().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it did not come about within ten thousand rounds of a millisecond or more");
}

/// The same for what has to be asked for.
///
/// # Panics
/// As [`eventually`].
pub async fn eventually_is(is_so: impl AsyncFn() -> bool) {
    for _ in 0..10_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it did not come about within ten thousand questions");
}

/// A store over the real Redis that these tests share, with faults on request.
pub async fn over_redis() -> FaultyStore {
    FaultyStore::new(redis_store().await)
}

/// Where somebody finds it who does not know the protocol: of a cluster one of its nodes.
pub(crate) fn redis_url() -> String {
    match cluster() {
        Some(url) => url.replace("redis+cluster://", "redis://").split(',').next().unwrap_or_default().to_owned(),
        None => REDIS.url(),
    }
}

/// The deadlines are those of a loaded machine.
pub(crate) async fn redis_store() -> RedisStore {
    let url = cluster().unwrap_or_else(|| REDIS.url());
    let store = RedisStore::connect(&url).await.expect("the server has just been started");
    store.with_read_deadline(Duration::from_secs(5)).with_write_deadline(Duration::from_secs(5))
}

/// A namespace that nobody else has.
pub(crate) fn fresh_namespace() -> String {
    format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
