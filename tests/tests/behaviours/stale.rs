//! Serving what is not fresh: G01 to G14, H08, L05, L15.

use cache_runtime::testing::{Node, Operation};
use cache_runtime::{Call, assert_hit, assert_miss, cache_put, cached, observe, with};
use cache_tests::{Over, Source, begin, eventually, eventually_is, on_each, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "stale:revalidated:<id>", ttl = 10, stale_while_revalidate = 30, early = 0, tags = ["stale:tag"])]
async fn revalidated(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "stale:spare:<id>", ttl = 10, stale_if_error = 60, error_backoff = 5, early = 0, tags = ["stale:tag"])]
async fn spare(source: Arc<Source>, id: u64) -> Result<u64, String> {
    read(&source).await
}

#[cached(key = "stale:plain:<id>", ttl = 10)]
async fn plain(source: Arc<Source>, id: u64) -> Result<u64, String> {
    read(&source).await
}

#[cached(key = "stale:borrowed:<id>", ttl = 10, stale_while_revalidate = 30)]
async fn borrowed(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cache_put(key = "stale:spare:<id>")]
async fn save(id: u64, value: u64) -> Result<u64, String> {
    Ok(value)
}

async fn read(source: &Source) -> Result<u64, String> {
    match source.read().await {
        0 => Err("down".to_owned()),
        value => Ok(value),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// H08: past its TTL, the old value at once and one load behind it.
#[tokio::test]
async fn past_its_ttl_a_value_is_served_while_it_is_loaded_once() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        revalidated(source.clone(), 1).await;
        source.write(8);
        cache.clock().advance(seconds(11));
        let gate = source.hold();
        for _ in 0..10 {
            let (value, outcome) = observe(revalidated(source.clone(), 1)).await;
            assert_eq!((value, outcome.map(|outcome| outcome.stale)), (7, Some(true)));
        }
        gate.reached().await;
        gate.release();
        eventually(|| cache.stats().background == 0).await;
        assert_eq!(revalidated(source.clone(), 1).await, 8);
        assert_eq!((source.reads(), cache.stats().stale_hits), (2, 10));
    })
    .await;
}

#[tokio::test]
async fn after_the_window_callers_wait_for_the_load() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        revalidated(source.clone(), 1).await;
        source.write(8);
        cache.clock().advance(seconds(40));
        assert_eq!(revalidated(source.clone(), 1).await, 8);
    })
    .await;
}

/// What an invalidation ended is not served while it is loaded anew: the promise holds within the window too.
#[tokio::test]
async fn what_was_invalidated_is_not_served_while_it_is_loaded_anew() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        revalidated(source.clone(), 1).await;
        source.write(8);
        cache.clock().advance(seconds(11));
        cache.invalidate_tag("stale:tag").await.expect("invalidated");
        assert_eq!(revalidated(source.clone(), 1).await, 8);
    })
    .await;
}

/// L05: the load behind a stale answer is overtaken like any other.
#[tokio::test]
async fn l05_a_load_in_the_background_that_is_overtaken_is_not_kept() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        revalidated(source.clone(), 1).await;
        cache.clock().advance(seconds(11));
        let gate = source.hold();
        revalidated(source.clone(), 1).await;
        gate.reached().await;
        source.write(8);
        cache.invalidate_tag("stale:tag").await.expect("invalidated");
        gate.release();
        eventually(|| cache.stats().background == 0).await;
        assert_eq!(revalidated(source.clone(), 1).await, 8);
    })
    .await;
}

/// Where arguments cannot be kept, the caller who finds it stale loads it, and the others are answered.
#[tokio::test]
async fn without_a_background_one_caller_waits_and_the_others_do_not() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        borrowed(&source, 1).await;
        source.write(8);
        cache.clock().advance(seconds(11));
        let gate = source.hold();
        let held = source.clone();
        let first = begin(&cache, async move { borrowed(&held, 1).await }).await;
        gate.reached().await;
        assert_eq!(borrowed(&source, 1).await, 7);
        gate.release();
        assert_eq!(first.await.expect("loaded"), 8);
        assert_eq!(source.reads(), 2);
    })
    .await;
}

/// G01, U11: stale, and said to be.
#[tokio::test]
async fn g01_if_the_load_fails_the_expired_value_stands_in() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("loaded");
        source.write(0);
        cache.clock().advance(seconds(11));
        let (value, outcome) = observe(spare(source.clone(), 1)).await;
        assert_eq!((value, outcome.map(|outcome| outcome.stale)), (Ok(7), Some(true)));
        assert_eq!(cache.stats().stale_hits, 1);
    })
    .await;
}

/// G02, G03.
#[tokio::test]
async fn g02_g03_without_a_window_or_past_it_the_error_surfaces() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("loaded");
        plain(source.clone(), 1).await.expect("loaded");
        source.write(0);
        cache.clock().advance(seconds(11));
        plain(source.clone(), 1).await.expect_err("no window");
        cache.clock().advance(seconds(60));
        spare(source.clone(), 1).await.expect_err("past the window");
    })
    .await;
}

/// G04: measured from the failure, however long ago the value expired.
#[tokio::test]
async fn g04_after_a_failure_the_source_is_left_alone_for_a_while() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("loaded");
        source.write(0);
        cache.clock().advance(seconds(50));
        for _ in 0..100 {
            assert_eq!(spare(source.clone(), 1).await, Ok(7));
        }
        assert_eq!(source.reads(), 2);
        cache.clock().advance(seconds(5));
        assert_eq!(spare(source.clone(), 1).await, Ok(7));
        assert_eq!(source.reads(), 3);
    })
    .await;
}

/// G05, L21: whatever ended the value. A tag invalidates as an event does; what removes for good is `remove` and `clear`.
#[tokio::test]
async fn g05_the_same_after_a_tag_was_invalidated() {
    on_each(async |cache, over| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("loaded");
        source.write(0);
        cache.invalidate_tag("stale:tag").await.expect("invalidated");
        for _ in 0..100 {
            assert_eq!(spare(source.clone(), 1).await, Ok(7), "over {over:?}");
        }
        assert_eq!(source.reads(), 2);
    })
    .await;
}

/// A call that demands what is new gets an error rather than something old.
#[tokio::test]
async fn g05_a_call_that_asks_for_strong_answers_is_shown_nothing_stale() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("loaded");
        source.write(0);
        cache.invalidate_tag("stale:tag").await.expect("invalidated");
        with(Call::strong(), spare(source.clone(), 1)).await.expect_err("nothing stale");
    })
    .await;
}

/// G06.
#[tokio::test]
async fn g06_a_load_that_succeeds_again_is_kept() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("loaded");
        source.write(0);
        cache.clock().advance(seconds(11));
        spare(source.clone(), 1).await.expect("stands in");
        source.write(8);
        cache.clock().advance(seconds(5));
        assert_eq!(spare(source.clone(), 1).await, Ok(8));
        drop(assert_hit!(spare(source.clone(), 1)));
    })
    .await;
}

/// G07: what the store has counts where memory has nothing.
#[tokio::test]
async fn g07_the_stores_copy_stands_in_where_memory_has_none() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        ada.run(spare(source.clone(), 1)).await.expect("loaded");
        source.write(0);
        ada.clock().advance(seconds(11));
        for _ in 0..10 {
            assert_eq!(bob.run(spare(source.clone(), 1)).await, Ok(7));
        }
        assert_eq!(source.reads(), 2, "and it is remembered there that the load failed");
    })
    .await;
}

/// G11, L15: what was removed, set or cleared is gone for good, on all nodes.
#[tokio::test]
async fn g11_what_was_removed_or_cleared_does_not_stand_in() {
    for is_clear in [false, true] {
        on_nodes(async |[ada, bob]: [Node; 2]| {
            let source = Source::new(7);
            ada.run(spare(source.clone(), 1)).await.expect("loaded");
            bob.run(spare(source.clone(), 1)).await.expect("found");
            source.write(0);
            ada.clock().advance(seconds(11));
            match is_clear {
                true => drop(ada.cache().clear().await.expect("cleared")),
                false => drop(ada.cache().remove("stale:spare:1").await.expect("removed")),
            }
            ada.run(spare(source.clone(), 1)).await.expect_err("nothing is left here");
            // Its clock stands still: what takes it away there is the message.
            eventually_is(async || bob.run(spare(source.clone(), 1)).await.is_err()).await;
        })
        .await;
    }
}

/// B09: `expire` keeps it for the case that the load fails, and for nothing else.
#[tokio::test]
async fn b09_an_expired_entry_is_a_miss_and_stands_in() {
    on_each(async |_, over| {
        if over == Over::Cluster {
            return;
        }
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("loaded");
        spare_entry(1).expire().await.expect("expired");
        drop(assert_miss!(spare(source.clone(), 1)));
        source.write(0);
        spare_entry(1).expire().await.expect("expired");
        assert_eq!(spare(source.clone(), 1).await, Ok(7));
        spare_entry(1).remove().await.expect("removed");
        spare(source.clone(), 1).await.expect_err("removed");
    })
    .await;
}

/// Waiters of a load that failed are shown the same as its leader.
#[tokio::test]
async fn those_who_wait_for_a_failing_load_are_shown_what_stands_in() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("loaded");
        source.write(0);
        cache.clock().advance(seconds(11));
        let gate = source.hold();
        let mut calls = Vec::new();
        for _ in 0..10 {
            calls.push(begin(&cache, spare(source.clone(), 1)).await);
        }
        gate.reached().await;
        gate.release();
        for call in calls {
            assert_eq!(call.await.expect("ran"), Ok(7));
        }
        assert_eq!(source.reads(), 2);
    })
    .await;
}

/// Setting ends what rests on the key, and not what is set.
#[tokio::test]
async fn a_value_that_was_set_is_served_where_stale_ones_may_stand_in() {
    on_each(async |_, _| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("up");
        spare_entry(1).set(8).await.expect("acknowledged");
        assert_eq!(assert_hit!(spare(source.clone(), 1)), Ok(8));
        assert_eq!(source.reads(), 1);
    })
    .await;
}

/// Over a store a write-through ends what rests on the key, and that is the new entry too: the next read loads, and
/// nothing from before the write is shown again, not even if it fails.
#[tokio::test]
async fn what_was_there_before_a_write_through_does_not_stand_in() {
    on_each(async |_, _| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("up");
        save(1, 9).await.expect("written");
        source.write(0);
        assert_ne!(spare(source.clone(), 1).await, Ok(7));
    })
    .await;
}

/// G12: what stands in is stored nowhere as if it had been loaded.
#[tokio::test]
async fn g12_what_stands_in_is_not_stored_as_fresh() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        ada.run(spare(source.clone(), 1)).await.expect("up");
        source.write(0);
        ada.clock().advance(seconds(11));
        let kept = || ada.store().calls(Operation::Commit) + ada.store().calls(Operation::Put);
        let before = kept();
        for (node, reads) in [(&ada, 2), (&bob, 3)] {
            let (value, outcome) = node.run(observe(spare(source.clone(), 1))).await;
            assert_eq!((value, outcome.map(|outcome| outcome.stale)), (Ok(7), Some(true)));
            assert_eq!((source.reads(), kept()), (reads, before), "the next node tries for itself");
        }
    })
    .await;
}

/// G13: who only looks is shown nothing stale.
#[tokio::test]
async fn g13_who_only_looks_is_shown_nothing_stale() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        spare(source.clone(), 1).await.expect("up");
        cache.clock().advance(seconds(11));
        assert_eq!((spare_entry(1).get().await, cache.get::<u64>("stale:spare:1").await), (None, None));
    })
    .await;
}
