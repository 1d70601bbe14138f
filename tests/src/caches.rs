//! The same test over every kind of store.

use crate::RedisServer;
use cache_runtime::testing::FaultyStore;
use cache_runtime::{Cache, Clock, MemoryStore, RedisStore, Store};
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

/// A store over the real Redis that these tests share, with faults on request.
pub async fn over_redis() -> FaultyStore {
    FaultyStore::new(redis_store().await)
}

/// The deadlines are those of a loaded machine.
async fn redis_store() -> impl Store {
    let store = RedisStore::connect(&REDIS.url()).await.expect("the server has just been started");
    store.with_read_deadline(Duration::from_secs(5)).with_write_deadline(Duration::from_secs(5))
}

/// A namespace that nobody else has.
fn fresh_namespace() -> String {
    format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
