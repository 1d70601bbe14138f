//! Removing by pattern.

use cache_runtime::testing::{FaultyStore, Node, Operation, When};
use cache_runtime::{Cache, Clock, Error, MemoryStore, Policy, StoreError, assert_hit, assert_miss, cached};
use cache_tests::{BOUND, Source, eventually, eventually_is, on_each, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "pattern:<guild>:row:<id>", ttl = 600)]
async fn row_of(source: Arc<Source>, guild: u64, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "pattern:<guild>:kept:<id>", ttl = 600, tiers = l1)]
async fn kept(source: Arc<Source>, guild: u64, id: u64) -> u64 {
    source.read().await
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_fits_is_removed_and_nothing_else() {
    on_each(async |cache, over| {
        let source = Source::new(1);
        for id in 0..5 {
            for guild in [4, 42, 421] {
                row_of(source.clone(), guild, id).await;
                kept(source.clone(), guild, id).await;
                cache.set(&format!("pattern:{guild}:{id}"), id, Policy::ttl(MINUTE)).await.expect("stored");
            }
        }
        let removed = cache.remove_pattern("pattern:42:*").await.expect("removed");
        assert!((10..=15).contains(&removed), "{removed}");
        for id in 0..5 {
            for guild in [4, 421] {
                assert_hit!(row_of(source.clone(), guild, id));
                assert_hit!(kept(source.clone(), guild, id));
                assert_eq!(cache.get(&format!("pattern:{guild}:{id}")).await, Some(id));
            }
            assert_eq!(cache.get::<u64>(&format!("pattern:42:{id}")).await, None);
            assert_miss!(row_of(source.clone(), 42, id));
            assert_miss!(kept(source.clone(), 42, id));
        }
        assert_eq!(cache.remove_pattern("pattern:*:row:3").await.expect("removed"), 3, "{over:?}");
        assert_eq!(cache.remove_pattern("pattern:*:row:3").await.expect("removed"), 0);
        assert_eq!(cache.remove_pattern("pattern:4:row:1").await.expect("removed"), 1);
        assert_miss!(row_of(source.clone(), 4, 1));
        assert_hit!(row_of(source.clone(), 4, 2));
        cache.remove_pattern("*").await.expect("removed");
        assert_miss!(row_of(source.clone(), 421, 0));
    })
    .await;
}

#[tokio::test]
async fn more_than_a_page_of_them_is_found() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        for id in 0..2_500 {
            kept(source.clone(), 7, id).await;
        }
        row_of(source.clone(), 8, 1).await;
        let removed = cache.remove_pattern("pattern:7:*").await.expect("removed");
        assert_eq!(removed, 2_500);
        assert_eq!(source.reads(), 2_501);
        kept(source.clone(), 7, 1_234).await;
        assert_eq!(source.reads(), 2_502);
    })
    .await;
}

#[tokio::test]
async fn a_load_under_way_does_not_bring_back_what_fits() {
    on_each(async |cache, _| {
        for is_kept in [false, true] {
            let source = Source::new(1);
            let call = |source: Arc<Source>| async move {
                if is_kept { kept(source, 9, 1).await } else { row_of(source, 9, 1).await }
            };
            let gate = source.hold();
            let load = tokio::spawn(cache.clone().scope(call(source.clone())));
            gate.reached().await;
            source.write(2);
            cache.remove_pattern("pattern:9:*").await.expect("removed");
            gate.release();
            load.await.expect("served");
            assert_eq!(call(source.clone()).await, 2, "{is_kept}");
        }
    })
    .await;
}

/// The search has gone by its entry, which was not there yet, and comes to its fence, which is not there any more.
#[tokio::test]
async fn nor_one_that_is_kept_between_two_pages() {
    let store = FaultyStore::new(MemoryStore::new());
    let cache = Cache::builder().store(store.clone()).build().await.expect("coherent");
    let source = Source::new(1);
    let gate = source.hold();
    let load = tokio::spawn(cache.clone().scope(row_of(source.clone(), 10, 1)));
    gate.reached().await;
    // The load of another process, of which this one has no cell.
    let other = Cache::builder().store(store.clone()).build().await.expect("coherent");
    source.write(2);
    let first = store.hold(Operation::Search, When::Before);
    let removal = tokio::spawn(async move { other.remove_pattern("pattern:10:*").await });
    first.reached().await;
    let second = store.hold(Operation::Search, When::Before);
    first.release();
    second.reached().await;
    gate.release();
    load.await.expect("served");
    second.release();
    removal.await.expect("no panic").expect("removed");
    assert_eq!(cache.clone().scope(row_of(source.clone(), 10, 1)).await, 2);
}

#[tokio::test]
async fn other_nodes_forget_what_fits_and_keep_the_rest() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        for guild in [11, 12] {
            b.run(row_of(source.clone(), guild, 1)).await;
            b.run(kept(source.clone(), guild, 1)).await;
        }
        source.write(2);
        a.cache().remove_pattern("pattern:11:*").await.expect("removed");
        eventually_is(async || b.run(row_of(source.clone(), 11, 1)).await == 2).await;
        eventually_is(async || b.run(kept(source.clone(), 11, 1)).await == 2).await;
        a.cache().clock().advance(BOUND);
        assert_eq!(b.run(row_of(source.clone(), 12, 1)).await, 1);
        assert_eq!(b.run(kept(source.clone(), 12, 1)).await, 1);
        assert_eq!(source.reads(), 6);
    })
    .await;
}

/// Nothing in the store tells of it any more, so nothing that is found there does either.
#[tokio::test]
async fn what_only_another_nodes_memory_has_is_asked_about_and_forgotten() {
    let (store, clock) = (MemoryStore::new(), Clock::manual());
    let on_it = || FaultyStore::new(store.clone());
    let [a, b]: [Node; 2] = Node::on(on_it, |builder| builder.clock(clock.clone())).await.expect("coherent");
    eventually(|| b.cache().stats().is_listening).await;
    let source = Source::new(1);
    b.run(kept(source.clone(), 14, 1)).await;
    b.run(kept(source.clone(), 15, 1)).await;
    for lost in ["key:pattern:14:kept:1", "pattern:14:kept:1"] {
        store.evict("", lost);
    }
    source.write(2);
    assert_eq!(b.run(kept(source.clone(), 14, 1)).await, 1, "nobody has said anything");
    a.cache().remove_pattern("pattern:14:*").await.expect("removed");
    eventually_is(async || b.run(kept(source.clone(), 14, 1)).await == 2).await;
    assert_eq!(b.run(kept(source.clone(), 15, 1)).await, 1, "it was asked about, and is valid");
}

#[tokio::test]
async fn without_a_store_that_can_search_nothing_is_pretended() {
    let store = FaultyStore::new(MemoryStore::new());
    store.fail(Operation::Search);
    let cache = Cache::builder().store(store.clone()).build().await.expect("coherent");
    let source = Source::new(1);
    cache.clone().scope(row_of(source.clone(), 13, 1)).await;
    let error = cache.remove_pattern("pattern:13:*").await.expect_err("the store does not answer");
    assert!(matches!(error, Error::Store(StoreError::Unreachable { .. })), "{error}");
}
