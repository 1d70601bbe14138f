//! The same test over every kind of store.

use crate::RedisServer;
use cache_runtime::testing::{FaultyStore, Node};
use cache_runtime::{Builder, Cache, Clock, MemoryStore, RedisStore};
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
}

static REDIS: LazyLock<RedisServer> = LazyLock::new(RedisServer::start);
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Runs a test over nothing, over a store in memory, and over a real Redis; each with a cache and a manual clock of its
/// own, which the cached functions find as the task's.
pub async fn on_each(test: impl AsyncFn(Cache, Over)) {
    for over in [Over::Nothing, Over::Memory, Over::Redis] {
        eprintln!("over {over:?}");
        let clock = Clock::manual();
        let builder = Cache::builder().clock(clock.clone()).namespace(fresh_namespace());
        let builder = match over {
            Over::Nothing => builder,
            Over::Memory => builder.store(MemoryStore::with_clock(clock)),
            Over::Redis => builder.store(redis_store().await),
        };
        let cache = builder.build().await.expect("these tests do not contradict each other");
        cache.clone().scope(test(cache, over)).await;
    }
}

/// Runs a test on nodes that share a store in memory, and on nodes that share a real Redis. Each has a connection and a
/// memory of its own; they go by one manual clock, and hold for 500 ms what they know of the store.
pub async fn on_nodes<const N: usize>(test: impl AsyncFn([Node; N])) {
    for over in [Over::Memory, Over::Redis] {
        eprintln!("over {over:?}");
        let (clock, namespace) = (Clock::manual(), fresh_namespace());
        let memory = MemoryStore::with_clock(clock.clone());
        let redis = redis_store().await;
        let store = || match over {
            Over::Redis => FaultyStore::new(redis.clone()),
            _ => FaultyStore::new(memory.clone()),
        };
        let configure =
            |builder: Builder| builder.clock(clock.clone()).namespace(namespace.clone()).max_staleness(BOUND);
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
/// If it has not come about after ten seconds.
pub async fn eventually(mut is_so: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        Node::settle().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it did not come about within ten seconds");
}

/// A store over the real Redis that these tests share, with faults on request.
pub async fn over_redis() -> FaultyStore {
    FaultyStore::new(redis_store().await)
}

/// The deadlines are those of a loaded machine.
async fn redis_store() -> RedisStore {
    let store = RedisStore::connect(&REDIS.url()).await.expect("the server has just been started");
    store.with_read_deadline(Duration::from_secs(5)).with_write_deadline(Duration::from_secs(5))
}

/// A namespace that nobody else has.
fn fresh_namespace() -> String {
    format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
