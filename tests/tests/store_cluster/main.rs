//! The store on a Redis Cluster does what every store has to, whatever happens to the cluster. W01: a script that
//! touched a second slot would be refused.
//!
//! These tests start a cluster of six servers each.

mod breakers;
mod caches;
mod failing;
mod moving;
mod parted;
mod spread;

use cache_runtime::error::StoreError;
use cache_runtime::key::{Dependency, Key};
use cache_runtime::store::conformance::run;
use cache_runtime::store::redis::RedisStore;
use cache_runtime::store::{Begin, Begun, Bump, Commit, Lease, Leased, Put, Read, Snapshot, Store, Verdict, Want};
use cache_tests::RedisCluster;
use std::time::{Duration, Instant};

cache_runtime::store_suite!(in_turn async {
    let cluster = RedisCluster::start();
    let store = patient(&cluster.url());
    // It ends with the process.
    std::mem::forget(cluster);
    store
});

/// A store that a busy machine does not hurry.
fn patient(url: &str) -> RedisStore {
    let store = RedisStore::lazy(url).expect("the address parses");
    store.with_read_deadline(Duration::from_secs(20)).with_write_deadline(Duration::from_secs(20))
}

/// A store that gives up soon, as one in a service does.
fn hurried(url: &str) -> RedisStore {
    let store = RedisStore::lazy(url).expect("the address parses");
    store.with_read_deadline(Duration::from_millis(300)).with_write_deadline(Duration::from_millis(300))
}

fn name(text: &str) -> Key {
    Key::new("test", text.to_owned(), 256)
}

fn names(count: usize) -> Vec<Dependency> {
    (0..count).map(|at| name(&format!("d{at}"))).collect()
}

async fn begin(store: &RedisStore, key: &Key, dependencies: &[Dependency]) -> Result<Begun, StoreError> {
    let begin = Begin { key, dependencies, generation_life_ms: 60_000, fence_life_ms: 60_000, lease: None, head: 0 };
    store.begin("test", begin).await
}

async fn commit(
    store: &RedisStore,
    key: &Key,
    dependencies: &[Dependency],
    begun: &Begun,
    bytes: &[u8],
) -> Result<Verdict, StoreError> {
    store.commit("test", Commit { key, dependencies, begun, bytes, life_ms: 60_000, holder: None }).await
}

async fn read(store: &RedisStore, key: &Key, dependencies: &[Dependency]) -> Result<Snapshot, StoreError> {
    store.read("test", Read { key, dependencies, want: Want::Whole }).await
}

/// Whether an entry with these stamps is valid in what was read: section 3 of the protocol.
fn is_valid(snapshot: &Snapshot, begun: &Begun, dependencies: &[Dependency]) -> bool {
    let stamp = |of| begun.stamps.iter().find(|(partition, _)| *partition == of).map(|(_, stamp)| *stamp);
    let goes_on = begun.stamps.iter().all(|(of, stamp)| {
        snapshot
            .partitions
            .iter()
            .any(|(partition, now)| partition == of && now.is_some_and(|now| now.epoch == stamp.epoch))
    });
    let covered = dependencies.iter().zip(&snapshot.generations).all(|(dependency, generation)| {
        generation.zip(stamp(dependency.partition(256))).is_some_and(|(generation, stamp)| stamp.covers(generation))
    });
    snapshot.entry.is_some() && goes_on && covered
}

/// Asks again, as a cache does with every call, until there is an answer.
async fn at_last<T>(ask: impl AsyncFn() -> Result<T, StoreError>) -> T {
    let began = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(40), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
