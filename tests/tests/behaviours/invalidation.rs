//! Invalidation by key, the correctness core: K01, K03, K04, K06, K07, K09 to K11; over Redis too,
//! and, by `cluster.rs`, over a cluster.

use cache_runtime::testing::{Operation, When};
use cache_runtime::{Cache, Error, Event, Tier, assert_hit, cached, observe_all};
use cache_tests::{Gate, Source, on_each, on_stores};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

#[cached(key = "keys:row:<id>", ttl = 600, invalidate_on = ["keys_row_changed"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// Begins a load that has read the old value and does not come back yet.
async fn slow_load(cache: &Cache, source: &Arc<Source>) -> (Gate, JoinHandle<u64>) {
    let gate = source.hold();
    let load = tokio::spawn(cache.clone().scope(row(source.clone(), 1)));
    gate.reached().await;
    (gate, load)
}

#[tokio::test]
async fn k01_a_slow_load_does_not_bring_back_what_was_removed_meanwhile() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, load) = slow_load(&cache, &source).await;
        source.write(2);
        row_entry(1).remove().await.expect("acknowledged");
        gate.release();
        assert_eq!(load.await.expect("served"), 1, "its own caller began before");
        assert_eq!(row(source.clone(), 1).await, 2);
        assert_eq!(cache.stats().fills_refused, 1);
    })
    .await;
}

#[tokio::test]
async fn k01_nor_what_an_event_invalidated() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, load) = slow_load(&cache, &source).await;
        source.write(2);
        cache.emit(Event::new("keys_row_changed").field("id", 1)).await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(row(source.clone(), 1).await, 2);
        assert_eq!(assert_hit!(row(source.clone(), 1)), 2);
    })
    .await;
}

#[tokio::test]
async fn k01_nor_what_was_cleared() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, load) = slow_load(&cache, &source).await;
        source.write(2);
        cache.clear().await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(row(source.clone(), 1).await, 2);
    })
    .await;
}

#[tokio::test]
async fn k03_a_slow_load_does_not_replace_what_was_set_meanwhile() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, load) = slow_load(&cache, &source).await;
        source.write(2);
        row_entry(1).set(2).await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(assert_hit!(row(source.clone(), 1)), 2);
        assert_eq!(source.reads(), 1);
    })
    .await;
}

#[tokio::test]
async fn k04_of_two_loads_around_a_removal_the_later_one_is_kept() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (gate, first) = slow_load(&cache, &source).await;
        source.write(2);
        row_entry(1).remove().await.expect("acknowledged");
        assert_eq!(row(source.clone(), 1).await, 2);
        gate.release();
        first.await.expect("served");
        assert_eq!(assert_hit!(row(source.clone(), 1)), 2, "the first finishes last, and changes nothing");
    })
    .await;
}

#[tokio::test]
async fn k06_a_load_that_ends_within_a_later_one_is_not_kept() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (first_gate, first) = slow_load(&cache, &source).await;
        source.write(2);
        row_entry(1).remove().await.expect("acknowledged");
        let (second_gate, second) = slow_load(&cache, &source).await;
        first_gate.release();
        assert_eq!(first.await.expect("served"), 1);
        second_gate.release();
        assert_eq!(second.await.expect("served"), 2);
        assert_eq!(assert_hit!(row(source.clone(), 1)), 2);
        assert_eq!(source.reads(), 2);
    })
    .await;
}

#[tokio::test]
async fn k07_while_the_store_is_slow_to_remove_no_answer_after_the_removal_is_old() {
    on_stores(async |shelf| {
        let (cache, source) = (shelf.node().await, Source::new(1));
        cache.clone().scope(row(source.clone(), 1)).await;
        source.write(2);
        for when in [When::Before, When::After] {
            let held = shelf.store.hold(Operation::Remove, when);
            let of_remove = cache.clone();
            let removal = tokio::spawn(async move { of_remove.remove("keys:row:1").await });
            held.reached().await;
            // Concurrent with the removal: old or new, and whatever it read must not outlive the removal.
            cache.clone().scope(row(source.clone(), 1)).await;
            held.release();
            removal.await.expect("no panic").expect("acknowledged");
            assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 2);
        }
    })
    .await;
}

#[tokio::test]
async fn k08_an_old_entry_read_before_a_removal_is_not_put_into_memory_after_it() {
    on_stores(async |shelf| {
        let (cache, source) = (shelf.node().await, Source::new(1));
        cache.clone().scope(row(source.clone(), 1)).await;
        cache.clock().advance(Duration::from_secs(2));
        let held = shelf.store.hold(Operation::Read, When::After);
        let reader = tokio::spawn(cache.clone().scope(row(source.clone(), 1)));
        held.reached().await;
        source.write(2);
        cache.remove("keys:row:1").await.expect("acknowledged");
        held.release();
        reader.await.expect("served");
        assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 2);
    })
    .await;
}

/// Without memory a hit in the store is given on as it was read, to those who waited for it as well.
#[tokio::test]
async fn k08_nor_given_without_memory_to_who_comes_after_it() {
    on_stores(async |shelf| {
        let (cache, source) = (shelf.node_without_memory().await, Source::new(1));
        let call = || cache.clone().scope(observe_all(row(source.clone(), 1)));
        call().await;
        let held = shelf.store.hold(Operation::Read, When::After);
        let first = tokio::spawn(call());
        held.reached().await;
        source.write(2);
        cache.emit(Event::new("keys_row_changed").field("id", 1)).await.expect("acknowledged");
        let second = tokio::spawn(call());
        tokio::task::yield_now().await;
        held.release();
        let (value, answered) = first.await.expect("no panic");
        assert_eq!((value, answered[0].outcome.tier), (1, Tier::L2), "what it read was so when it was asked");
        assert_eq!(second.await.expect("no panic").0, 2);
        let (value, answered) = call().await;
        assert_eq!((value, answered[0].outcome.tier), (2, Tier::L2));
        let stats = cache.stats();
        assert_eq!((stats.l2_hits, stats.loads, stats.l1_hits), (2, 2, 0));
    })
    .await;
}

#[tokio::test]
async fn k09_an_invalidation_that_the_store_did_not_perform_is_an_error() {
    on_stores(async |shelf| {
        let (cache, store) = (shelf.node().await, &shelf.store);
        store.fail(Operation::Remove);
        store.fail(Operation::Bump);
        assert!(matches!(cache.remove("keys:row:1").await, Err(Error::Store(_))));
        assert!(matches!(cache.invalidate_tag("some").await, Err(Error::Store(_))));
        let event = Event::new("keys_row_changed").field("id", 1);
        assert!(matches!(cache.emit(event).await, Err(Error::Store(_))));
        assert_eq!(cache.stats().invalidations, 0);
        assert_eq!(store.calls(Operation::Bump), 4, "each was tried twice");
    })
    .await;
}

#[tokio::test]
async fn k09_and_this_node_serves_nothing_from_its_memory_then() {
    on_stores(async |shelf| {
        let (cache, source) = (shelf.node().await, Source::new(1));
        cache.clone().scope(row(source.clone(), 1)).await;
        source.write(2);
        shelf.store.fail(Operation::Bump);
        shelf.store.fail(Operation::Read);
        cache.emit(Event::new("keys_row_changed").field("id", 1)).await.expect_err("the store is away");
        assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 2);
    })
    .await;
}

#[tokio::test]
async fn k10_a_load_whose_fence_was_evicted_is_served_and_not_kept() {
    on_stores(async |shelf| {
        let (cache, source) = (shelf.node().await, Source::new(1));
        let (gate, load) = slow_load(&cache, &source).await;
        shelf.evict("keys:row:1");
        gate.release();
        assert_eq!(load.await.expect("served"), 1);
        for cache in [cache, shelf.node().await] {
            assert_eq!(cache.get::<u64>("keys:row:1").await, None);
        }
    })
    .await;
}

/// That a real server restarts is for `store_redis` and `store_cluster`; here it forgets while the connections stand.
#[tokio::test]
async fn k11_a_store_that_lost_everything_during_a_load_does_not_take_its_value() {
    on_stores(async |shelf| {
        let (cache, source) = (shelf.node().await, Source::new(1));
        let (gate, load) = slow_load(&cache, &source).await;
        shelf.forget("keys:row:1");
        gate.release();
        assert_eq!(load.await.expect("served"), 1);
        for cache in [cache, shelf.node().await] {
            assert_eq!(cache.get::<u64>("keys:row:1").await, None);
        }
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_whose_caller_gave_up_leaves_nothing_old_in_memory() {
    on_stores(async |shelf| {
        let (cache, source) = (shelf.node().await, Source::new(1));
        cache.clone().scope(row(source.clone(), 1)).await;
        source.write(2);
        let held = shelf.store.hold(Operation::Bump, When::After);
        let of_emit = cache.clone();
        let emit = tokio::spawn(async move { of_emit.emit(Event::new("keys_row_changed").field("id", 1)).await });
        held.reached().await;
        emit.abort();
        let _cancelled = emit.await;
        assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 2);
    })
    .await;
}
