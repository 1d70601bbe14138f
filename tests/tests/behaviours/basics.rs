//! What every cache does: B01 to B08, B12 to B17.

use cache_runtime::testing::FaultyStore;
use cache_runtime::{Cache, Clock, MemoryStore, Policy, Tier, assert_hit, cached, observe};
use cache_tests::{Source, on_each};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "basics:row:<id>", ttl = 60)]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

fn minute() -> Policy {
    Policy::ttl(Duration::from_secs(60))
}

#[tokio::test]
async fn b01_a_miss_loads_once_and_fills_every_tier() {
    let (clock, memory) = (Clock::manual(), MemoryStore::new());
    let cache = Cache::builder().clock(clock).store(memory.clone()).namespace("b01").build().await.expect("coherent");
    let source = Source::new(7);
    let (value, outcome) = cache.clone().scope(observe(row(&source, 1))).await;
    assert_eq!((value, outcome.map(|outcome| outcome.tier)), (7, Some(Tier::Load)));
    assert!(memory.bytes("b01", "basics:row:1").is_some());
    assert_eq!(cache.stats().l1_entries, 1);
}

#[tokio::test]
async fn b02_a_hit_in_memory_asks_nobody() {
    let store = FaultyStore::new(MemoryStore::new());
    let cache = Cache::builder().store(store.clone()).build().await.expect("coherent");
    let source = Source::new(7);
    cache.clone().scope(row(&source, 1)).await;
    let before = store.all_calls();
    for _ in 0..100 {
        cache.clone().scope(async { assert_hit!(row(&source, 1)) }).await;
    }
    assert_eq!((store.all_calls(), source.reads()), (before, 1));
}

#[tokio::test]
async fn b03_y16_a_hit_in_the_store_fills_memory_for_the_life_that_is_left() {
    let (clock, store) = (Clock::manual(), MemoryStore::new());
    let node = || Cache::builder().clock(clock.clone()).store(store.clone()).build();
    let (first, second) = (node().await.expect("coherent"), node().await.expect("coherent"));
    let source = Source::new(7);
    first.scope(row(&source, 1)).await;
    clock.advance(Duration::from_secs(50));
    let (_, outcome) = second.clone().scope(observe(row(&source, 1))).await;
    let outcome = outcome.expect("it is cached");
    assert_eq!((outcome.tier, outcome.age), (Tier::L2, Duration::from_secs(50)));
    let (_, outcome) = second.clone().scope(observe(row(&source, 1))).await;
    assert_eq!(outcome.map(|outcome| outcome.tier), Some(Tier::L1));
    clock.advance(Duration::from_secs(10));
    let (_, outcome) = second.scope(observe(row(&source, 1))).await;
    assert_eq!(outcome.map(|outcome| outcome.tier), Some(Tier::Load), "not a second full life");
}

#[tokio::test]
async fn b04_b08_set_replaces_and_remove_removes() {
    on_each(async |cache, _| {
        cache.set("k", 1_u64, minute()).await.expect("set");
        assert_eq!(cache.get::<u64>("k").await, Some(1));
        cache.set("k", 2_u64, minute()).await.expect("set");
        assert_eq!(cache.get::<u64>("k").await, Some(2));
        assert!(cache.remove("k").await.expect("removed"));
        assert_eq!(cache.get::<u64>("k").await, None);
        assert!(!cache.remove("k").await.expect("b07: removing nothing is fine"));
    })
    .await;
}

#[tokio::test]
async fn b05_b06_getting_never_loads_and_loading_never_overwrites() {
    on_each(async |cache, _| {
        assert_eq!(cache.get::<u64>("k").await, None);
        let load = |value| async move { Ok::<u64, String>(value) };
        assert_eq!(cache.get_or_load("k", minute(), || load(1)).await, Ok(1));
        assert_eq!(cache.get_or_load("k", minute(), || load(2)).await, Ok(1));
        let failed: Result<u64, String> = cache.get_or_load("other", minute(), || async { Err("down".into()) }).await;
        assert_eq!(failed, Err("down".to_owned()));
        assert_eq!(cache.get::<u64>("other").await, None);
    })
    .await;
}

#[tokio::test]
async fn b13_a_value_from_the_cache_is_ones_own() {
    #[cached(key = "basics:list", ttl = 60)]
    async fn list() -> Vec<u64> {
        vec![1, 2, 3]
    }
    on_each(async |_, _| {
        let mut mine = list().await;
        mine.clear();
        assert_eq!(list().await, [1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn b14_reading_a_key_as_another_type_is_a_miss() {
    on_each(async |cache, _| {
        cache.set("k", 1_u64, minute()).await.expect("set");
        assert_eq!(cache.get::<String>("k").await, None);
        assert_eq!(cache.get::<u64>("k").await, Some(1));
    })
    .await;
}

#[tokio::test]
async fn b15_setting_with_no_life_removes() {
    on_each(async |cache, _| {
        cache.set("k", 1_u64, minute()).await.expect("set");
        cache.set("k", 2_u64, Policy::ttl(Duration::ZERO)).await.expect("removed");
        assert_eq!(cache.get::<u64>("k").await, None);
    })
    .await;
}

#[tokio::test]
async fn b16_an_entry_for_ever_stays() {
    on_each(async |cache, _| {
        cache.set("k", 1_u64, Policy::ttl(Duration::MAX)).await.expect("set");
        cache.clock().advance(Duration::from_secs(10 * 365 * 86_400));
        assert_eq!(cache.get::<u64>("k").await, Some(1));
    })
    .await;
}

#[tokio::test]
async fn by_hand_and_by_attribute_meet_in_one_entry() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        row(&source, 1).await;
        assert_eq!(cache.get::<u64>("basics:row:1").await, Some(7));
        cache.set("basics:row:1", 8_u64, minute()).await.expect("set");
        assert_eq!(assert_hit!(row(&source, 1)), 8);
        cache.remove("basics:row:1").await.expect("removed");
        assert_eq!(row(&source, 1).await, 7);
    })
    .await;
}

#[tokio::test]
async fn v03_a_cache_that_is_switched_off_runs_the_bodies_and_still_invalidates() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        row(&source, 1).await;
        cache.set_enabled(false);
        source.write(2);
        assert_eq!(row(&source, 1).await, 2);
        cache.remove("basics:row:1").await.expect("removed");
        cache.set_enabled(true);
        assert_eq!(row(&source, 1).await, 2);
    })
    .await;
}

#[tokio::test]
async fn v06_a_cache_that_was_shut_down_runs_the_bodies_and_refuses_the_rest() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        row(&source, 1).await;
        cache.shutdown(Duration::from_secs(1)).await;
        source.write(2);
        assert_eq!(row(&source, 1).await, 2);
        let refused = cache.remove("basics:row:1").await.expect_err("it is over");
        assert_eq!(refused.to_string(), "the cache was shut down");
    })
    .await;
}

#[tokio::test]
async fn j08_memory_may_be_left_out() {
    let cache =
        Cache::builder().l1(cache_runtime::L1::off()).store(MemoryStore::new()).build().await.expect("coherent");
    let source = Source::new(7);
    cache.clone().scope(row(&source, 1)).await;
    let (_, outcome) = cache.clone().scope(observe(row(&source, 1))).await;
    assert_eq!(outcome.map(|outcome| outcome.tier), Some(Tier::L2));
    cache.remove("basics:row:1").await.expect("removed");
    cache.scope(row(&source, 1)).await;
    assert_eq!(source.reads(), 2);
}

#[tokio::test]
async fn t01_memory_holds_no_more_than_it_may() {
    let cache = Cache::builder().l1(cache_runtime::L1::max_entries(100)).build().await.expect("coherent");
    let source: Arc<Source> = Source::new(7);
    for id in 0..1_000 {
        cache.clone().scope(row(&source, id)).await;
    }
    let stats = cache.stats();
    assert!(stats.l1_entries <= 100 && stats.evictions >= 900, "{stats:?}");
}
