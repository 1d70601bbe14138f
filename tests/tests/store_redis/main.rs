//! The store on Redis does what every store has to, whatever happens to its server: W04 to W08. It does so by RESP2, and by
//! RESP3 in two of the three suites.
//!
//! These tests start a `redis-server` each.

mod addresses;
mod interrupted;
mod on_the_wire;
mod refusing;
mod replicas;
mod tls;
mod tracking;
mod unreachable;

use cache_runtime::error::StoreError;
use cache_runtime::key::{Dependency, Key};
use cache_runtime::stamp::Partition;
use cache_runtime::store::conformance::run;
use cache_runtime::store::redis::RedisStore;
use cache_runtime::store::{
    Announce, Begin, Begun, Bump, Commit, Lease, Leased, Put, Read, Settle, Snapshot, Store, Verdict, Want,
};
use cache_tests::RedisServer;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

mod suite {
    use super::*;

    static SERVER: LazyLock<RedisServer> = LazyLock::new(RedisServer::start);

    cache_runtime::store_suite!(async { patient(&SERVER.url()) });
}

mod suite_in_another_database_of_a_unix_socket {
    use super::*;

    static SERVER: LazyLock<RedisServer> = LazyLock::new(RedisServer::start);

    cache_runtime::store_suite!(async {
        patient(&format!("unix://{}?db=1&protocol=resp3", SERVER.socket().display()))
    });
}

/// What is by a deadline has come by then, on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(15);

/// A store that a busy machine does not hurry.
fn patient(url: &str) -> RedisStore {
    let store = RedisStore::lazy(url).expect("the address parses");
    store.with_read_deadline(Duration::from_secs(20)).with_write_deadline(Duration::from_secs(20))
}

fn name(text: &str) -> Key {
    Key::new("test", text.to_owned(), 256)
}

async fn begin(store: &RedisStore) -> Result<Begun, StoreError> {
    begin_for(store, None).await
}

async fn begin_for(store: &RedisStore, lease: Option<Lease>) -> Result<Begun, StoreError> {
    let dependencies: [Dependency; 1] = [name("d")];
    let begin = Begin {
        key: &name("k"),
        dependencies: &dependencies,
        generation_life_ms: 60_500,
        fence_life_ms: 60_500,
        lease,
        head: 0,
    };
    store.begin("test", begin).await
}

async fn commit(store: &RedisStore, begun: &Begun) -> Result<Verdict, StoreError> {
    commit_as(store, begun, None).await
}

async fn commit_as(store: &RedisStore, begun: &Begun, holder: Option<u64>) -> Result<Verdict, StoreError> {
    let commit = Commit { key: &name("k"), dependencies: &[name("d")], begun, bytes: b"v", life_ms: 60_500, holder };
    store.commit("test", commit).await
}

async fn read(store: &RedisStore) -> Result<Snapshot, StoreError> {
    store.read("test", Read { key: &name("k"), dependencies: &[name("d")], want: Want::Whole }).await
}

async fn bump(store: &RedisStore) -> Result<Vec<Bump>, StoreError> {
    store.bump("test", &[name("d")]).await
}

/// Asks again, as a cache does with every call, until there is an answer.
async fn at_last<T>(ask: impl AsyncFn() -> Result<T, StoreError>) -> T {
    let began = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(20), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The text of an error with all its causes.
fn all_of(error: &StoreError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(format!("{error} {error:?}"), |text, cause| format!("{text} {cause} {cause:?}"))
}
