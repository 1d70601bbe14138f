//! A real Redis that freezes, and a wire that breaks: Y13, P01, P07.

use cache_runtime::{Cache, Error, Recovery, RedisStore, Tier, cached, observe};
use cache_tests::{Proxy, RedisServer};
use std::time::Duration;

#[cached(key = "wire:row:<id>", ttl = 600, tags = ["wire"])]
async fn row(id: u64) -> u64 {
    id
}

async fn over(url: &str, configure: impl FnOnce(cache_runtime::Builder) -> cache_runtime::Builder) -> Cache {
    let store = RedisStore::lazy(url).expect("an address");
    configure(Cache::builder().namespace("wire").store(store)).build().await.expect("coherent")
}

/// Calls rows that nobody has called before until something holds of the cache.
async fn call_until(cache: &Cache, mut id: u64, holds: impl Fn(&Cache, Option<Tier>) -> bool) {
    for _ in 0..5_000 {
        id += 1;
        let (value, answered) = cache.clone().scope(observe(row(id))).await;
        assert_eq!(value, id, "whatever the store does");
        if holds(cache, answered.map(|answered| answered.tier)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("it did not come about: {:?}", cache.stats());
}

#[tokio::test]
async fn y13_a_frozen_redis_is_left_alone_and_what_comes_back_heals_by_itself() {
    let redis = RedisServer::start();
    let cache = over(&redis.url(), |builder| builder).await;
    call_until(&cache, 0, |cache, _| cache.stats().store_errors == 0 && cache.stats().loads > 0).await;
    redis.pause();
    call_until(&cache, 10_000, |cache, _| cache.stats().breakers_open == 1).await;
    let failed = cache.stats().store_errors;
    for id in 20_000..20_200 {
        assert_eq!(cache.clone().scope(row(id)).await, id);
    }
    assert!(cache.stats().store_errors <= failed + 20, "a probe now and then: {:?}", cache.stats());
    assert!(cache.stats().store_skipped >= 300, "{:?}", cache.stats());
    redis.resume();
    call_until(&cache, 30_000, |cache, _| cache.stats().breakers_open == 0).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_may_have_been_performed() {
    let redis = RedisServer::start();
    let wire = Proxy::to(redis.port()).expect("a port");
    let cache = over(&wire.url(), |builder| builder).await;
    cache.invalidate_tag("wire").await.expect("acknowledged");
    wire.tear(true);
    let torn = cache.invalidate_tag("wire").await.expect_err("nothing is acknowledged");
    assert!(matches!(&torn, Error::Store(error) if error.is_temporary()), "{torn}");
}

#[tokio::test]
async fn p07_what_a_redis_that_refuses_writes_did_not_perform_is_performed_when_it_does() {
    let redis = RedisServer::start();
    let cache = over(&redis.url(), |builder| builder.recovery(Recovery::default())).await;
    cache.invalidate_tag("wire").await.expect("acknowledged");
    redis.command(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    assert!(cache.invalidate_tag("wire").await.expect("accepted").is_queued());
    redis.command(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    cache_tests::eventually(|| cache.stats().invalidations_waiting == 0).await;
    assert_eq!(cache.stats().invalidations_replayed, 1);
}
