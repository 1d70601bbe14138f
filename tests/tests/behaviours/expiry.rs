//! Lives: E02, E04, E05, E08, E09, Y11.

use cache_runtime::{Cache, Clock, MemoryStore, Policy, assert_hit, assert_miss, cached};
use cache_tests::{Source, on_each};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "expiry:row:<id>", ttl = "900ms")]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[tokio::test]
async fn y11_a_life_below_a_second_is_kept_to_the_millisecond_in_every_tier() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        row(&source, 1).await;
        cache.clock().advance(Duration::from_millis(899));
        assert_hit!(row(&source, 1));
        cache.clock().advance(Duration::from_millis(1));
        assert_miss!(row(&source, 1));
    })
    .await;
}

#[tokio::test]
async fn e04_e05_very_long_lives_do_not_overflow() {
    on_each(async |cache, _| {
        for (key, life) in [("weeks", Duration::from_secs(60 * 86_400)), ("ages", Duration::from_secs(u64::MAX))] {
            cache.set(key, 1_u64, Policy::ttl(life)).await.expect("set");
            cache.clock().advance(Duration::from_secs(30 * 86_400));
            assert_eq!(cache.get::<u64>(key).await, Some(1), "{key}");
        }
    })
    .await;
}

#[tokio::test]
async fn e09_a_node_whose_wall_clock_is_wrong_keeps_nothing_longer_than_its_life() {
    let (right, behind) = (Clock::manual(), Clock::manual());
    right.advance(Duration::from_secs(3_600));
    let store = MemoryStore::with_clock(right.clone());
    let node = |clock: &Clock| Cache::builder().clock(clock.clone()).store(store.clone()).build();
    let (writer, reader) = (node(&right).await.expect("coherent"), node(&behind).await.expect("coherent"));
    let source = Source::new(7);
    writer.scope(row(&source, 1)).await;
    reader.clone().scope(async { assert_hit!(row(&source, 1)) }).await;
    right.advance(Duration::from_millis(900));
    behind.advance(Duration::from_millis(900));
    reader.clone().scope(async { assert_miss!(row(&source, 1)) }).await;
}

#[tokio::test]
async fn e02_memory_does_not_outlive_the_store() {
    let (clock, store) = (Clock::manual(), MemoryStore::new());
    let long = Policy::ttl(Duration::from_secs(3_600));
    let node = |policy: Policy| Cache::builder().clock(clock.clone()).store(store.clone()).defaults(policy).build();
    let first = node(Policy::default()).await.expect("coherent");
    let second = node(long.clone()).await.expect("coherent");
    first.set("k", 1_u64, Policy::ttl(Duration::from_secs(10))).await.expect("set");
    let load = || async { Ok::<u64, String>(2) };
    assert_eq!(second.get_or_load("k", long.clone(), load).await, Ok(1));
    clock.advance(Duration::from_secs(10));
    assert_eq!(second.get_or_load("k", long, load).await, Ok(2));
}

#[tokio::test]
async fn a_lower_ttl_than_an_entry_was_stored_with_holds_from_its_load_on() {
    let clock = Clock::manual();
    let memory = MemoryStore::with_clock(clock.clone());
    let node = |seconds| {
        let policy = Policy::ttl(Duration::from_secs(seconds));
        Cache::builder().clock(clock.clone()).store(memory.clone()).configure("of_two_minds", policy).build()
    };
    #[cached(key = "expiry:of-two-minds", ttl = 60)]
    async fn of_two_minds(source: Arc<Source>) -> u64 {
        source.read().await
    }
    let (long, short) = (node(3_600).await.expect("coherent"), node(60).await.expect("coherent"));
    let source = Source::new(1);
    long.scope(of_two_minds(source.clone())).await;
    source.write(2);
    clock.advance(Duration::from_secs(59));
    assert_eq!(short.clone().scope(of_two_minds(source.clone())).await, 1);
    clock.advance(Duration::from_secs(1));
    assert_eq!(short.scope(of_two_minds(source.clone())).await, 2);
}
