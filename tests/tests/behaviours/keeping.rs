//! What is kept of what was loaded, and for how long, where that follows from the value or its load: E07, I01, I02, I07, I08.

use cache_runtime::testing::Node;
use cache_runtime::{Cache, assert_hit, assert_miss, cached};
use cache_tests::{Over, Source, on_each};
use std::sync::Arc;
use std::time::Duration;

fn as_many_seconds(value: &u64) -> Duration {
    Duration::from_secs(*value)
}

fn is_even(value: &u64) -> bool {
    value.is_multiple_of(2)
}

#[cached(key = "keeping:lives:<id>", ttl = 60, ttl_from = as_many_seconds, tags = ["keeping:lives"])]
async fn lives_by_value(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[tokio::test]
async fn e07_i01_a_value_that_says_how_long_it_lives_is_kept_so_long() {
    // Shorter than the policy's life, longer than it, and longer than anything that was made for that one.
    for seconds in [10, 100, 3_600] {
        on_each(async |cache, _| {
            let source = Source::new(seconds);
            lives_by_value(&source, 1).await;
            cache.clock().advance(Duration::from_millis(seconds * 1_000 - 1));
            assert_hit!(lives_by_value(&source, 1));
            cache.clock().advance(Duration::from_millis(1));
            assert_miss!(lives_by_value(&source, 1));
        })
        .await;
    }
}

#[tokio::test]
async fn e07_a_value_that_does_not_want_to_be_kept_is_returned_and_loaded_again() {
    on_each(async |cache, _| {
        let source = Source::new(0);
        assert_eq!((lives_by_value(&source, 1).await, lives_by_value(&source, 1).await), (0, 0));
        assert_eq!((source.reads(), cache.stats().l1_entries, cache.stats().fills_refused), (2, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn e07_another_node_finds_it_for_the_rest_of_that_life() {
    let (clock, store) = (cache_runtime::Clock::manual(), cache_runtime::MemoryStore::new());
    let node = || Cache::builder().clock(clock.clone()).store(store.clone()).build();
    let (first, second) = (node().await.expect("coherent"), node().await.expect("coherent"));
    let source = Source::new(3_600);
    first.scope(lives_by_value(&source, 1)).await;
    clock.advance(Duration::from_secs(3_000));
    second.clone().scope(async { assert_hit!(lives_by_value(&source, 1)) }).await;
    clock.advance(Duration::from_secs(600));
    second.scope(async { assert_miss!(lives_by_value(&source, 1)) }).await;
}

#[tokio::test]
async fn e07_a_value_that_is_set_lives_as_long_as_it_says() {
    on_each(async |cache, over| {
        let source = Source::new(7);
        let entry = lives_by_value_entry(1);
        entry.set(3_600).await.expect("stored");
        cache.clock().advance(Duration::from_secs(3_599));
        assert_eq!(assert_hit!(lives_by_value(&source, 1)), 3_600);
        entry.set(0).await.expect("removed");
        assert_eq!(entry.get().await, None, "over {over:?}");
    })
    .await;
}

#[tokio::test]
async fn a_life_from_the_value_needs_no_ttl_besides_and_reads_through_an_arc() {
    #[cached(key = "keeping:no-ttl", ttl_from = as_many_seconds)]
    async fn no_ttl(source: &Source) -> Result<Option<Arc<u64>>, String> {
        Ok(Some(source.read().await).filter(|value| *value > 0).map(Arc::new))
    }
    on_each(async |cache, _| {
        let source = Source::new(5);
        let _loaded = no_ttl(&source).await;
        cache.clock().advance(Duration::from_millis(4_999));
        let _hit = assert_hit!(no_ttl(&source));
        cache.clock().advance(Duration::from_millis(1));
        source.write(0);
        assert_eq!(assert_miss!(no_ttl(&source)), Ok(None));
        assert_eq!(assert_miss!(no_ttl(&source)), Ok(None), "an absence has no life of its own");
    })
    .await;
}

#[cached(key = "keeping:even:<id>", ttl = 60, cache_if = is_even)]
async fn even(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[tokio::test]
async fn i02_i08_a_value_that_the_condition_refuses_is_returned_and_kept_nowhere() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        assert_eq!((even(&source, 1).await, assert_miss!(even(&source, 1))), (1, 1));
        assert_eq!((cache.stats().l1_entries, cache.stats().fills_refused), (0, 0));
        source.write(2);
        assert_eq!((even(&source, 1).await, assert_hit!(even(&source, 1))), (2, 2));
    })
    .await;
}

#[tokio::test]
async fn i08_a_value_that_the_condition_refuses_does_not_take_the_place_of_one_that_is_kept() {
    on_each(async |_, _| {
        let source = Source::new(2);
        even(&source, 1).await;
        source.write(3);
        assert_eq!(even_refresh(&source, 1).await, 3);
        assert_eq!(assert_hit!(even(&source, 1)), 2);
    })
    .await;
}

#[tokio::test]
async fn i08_who_waits_for_a_load_is_given_its_value_even_if_nobody_keeps_it() {
    #[cached(key = "keeping:waited-for", ttl = 60, cache_if = is_even)]
    async fn waited_for(source: Arc<Source>) -> u64 {
        source.read().await
    }
    let cache = Cache::in_memory();
    let source = Source::new(1);
    let gate = source.hold();
    let first = tokio::spawn(cache.clone().scope(waited_for(source.clone())));
    gate.reached().await;
    let second = tokio::spawn(cache.clone().scope(waited_for(source.clone())));
    Node::settle().await;
    gate.release();
    assert_eq!((first.await.expect("loaded"), second.await.expect("shared")), (1, 1));
    assert_eq!((source.reads(), cache.stats().flights_joined), (1, 1));
}

#[cached(key = "keeping:took:<took_ms>", ttl = 60, min_load = "50ms")]
async fn takes(cache: &Cache, took_ms: u64) -> u64 {
    cache.clock().advance(Duration::from_millis(took_ms));
    took_ms
}

#[tokio::test]
async fn i07_what_was_loaded_faster_than_it_is_worth_is_not_kept() {
    on_each(async |cache, over| {
        for (took_ms, is_kept) in [(0, false), (49, false), (50, true), (5_000, true)] {
            takes(&cache, took_ms).await;
            match is_kept {
                true => assert_hit!(takes(&cache, took_ms)),
                false => assert_miss!(takes(&cache, took_ms)),
            };
        }
        assert!(over == Over::Nothing || cache.stats().fills_refused == 0);
    })
    .await;
}
