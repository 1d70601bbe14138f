//! Callers with little time: H01 to H12.

use cache_runtime::testing::{Node, Operation, When};
use cache_runtime::{Unanswered, assert_hit, cached, observe};
use cache_tests::{Failed, Source, begin, eventually, on_each, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(
    key = "timeouts:row:<id>",
    ttl = 10,
    stale_if_error = 60,
    soft_timeout = "100ms",
    hard_timeout = 2,
    early = 0,
    tags = ["timeouts:tag"]
)]
async fn row(source: Arc<Source>, id: u64) -> Result<u64, Failed> {
    match source.read().await {
        0 => Err(Failed::Down),
        value => Ok(value),
    }
}

#[cached(key = "timeouts:borrowed:<id>", ttl = 10, hard_timeout = 2)]
async fn borrowed(source: &Source, id: u64) -> Result<u64, Failed> {
    Ok(source.read().await)
}

const SOFT: Duration = Duration::from_millis(100);
const HARD: Duration = Duration::from_secs(2);

/// H01, H04, H06: the stale value at the soft time, one load that goes on, and its value afterwards.
#[tokio::test]
async fn h01_a_stale_value_is_served_at_the_soft_time_and_the_load_goes_on() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        row(source.clone(), 1).await.expect("loaded");
        source.write(8);
        cache.clock().advance(Duration::from_secs(11));
        let gate = source.hold();
        for wave in 0..3 {
            let call = begin(&cache, observe(row(source.clone(), 1))).await;
            if wave == 0 {
                gate.reached().await;
            }
            assert!(!call.is_finished());
            cache.clock().advance(SOFT);
            let (value, outcome) = call.await.expect("ran");
            assert_eq!((value, outcome.map(|outcome| outcome.stale)), (Ok(7), Some(true)));
        }
        assert_eq!((source.reads(), cache.stats().timeouts), (2, 3));
        gate.release();
        eventually(|| cache.stats().background == 0).await;
        drop(assert_hit!(row(source.clone(), 1)));
        assert_eq!(row(source.clone(), 1).await, Ok(8));
    })
    .await;
}

/// H02, H03: without a stale value only the hard time counts, and then the error is typed.
#[tokio::test]
async fn h03_without_a_stale_value_the_hard_time_is_an_error_and_the_load_goes_on() {
    on_each(async |cache, over| {
        let source = Source::new(7);
        let gate = source.hold();
        let call = begin(&cache, row(source.clone(), 1)).await;
        gate.reached().await;
        cache.clock().advance(SOFT);
        cache_runtime::testing::Node::settle().await;
        assert!(!call.is_finished(), "the soft time counts for nothing");
        cache.clock().advance(HARD - SOFT);
        assert_eq!(call.await.expect("ran"), Err(Failed::Late(Unanswered::TimedOut { waited: HARD })));
        // A second wave begins no second load, and has its own time.
        let call = begin(&cache, row(source.clone(), 1)).await;
        gate.release();
        assert_eq!(call.await.expect("ran"), Ok(7), "over {over:?}");
        assert_eq!(source.reads(), 1);
        eventually(|| cache.stats().background == 0).await;
        drop(assert_hit!(row(source.clone(), 1)));
    })
    .await;
}

/// H05: where the arguments cannot be kept, the load ends with its caller.
#[tokio::test]
async fn h05_a_load_that_cannot_go_on_ends_at_the_hard_time() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let held = source.clone();
        let call = begin(&cache, async move { borrowed(&held, 1).await }).await;
        gate.reached().await;
        cache.clock().advance(HARD);
        assert_eq!(call.await.expect("ran"), Err(Failed::Late(Unanswered::TimedOut { waited: HARD })));
        assert_eq!(borrowed(&source, 1).await, Ok(7));
        assert_eq!((source.reads(), cache.stats().flights), (2, 0));
    })
    .await;
}

/// H07: it frees the key, and is counted.
#[tokio::test]
async fn h07_a_load_that_fails_in_the_background_frees_the_key() {
    on_each(async |cache, _| {
        let source = Source::new(0);
        let gate = source.hold();
        let call = begin(&cache, row(source.clone(), 1)).await;
        gate.reached().await;
        cache.clock().advance(HARD);
        call.await.expect("ran").expect_err("late");
        gate.release();
        eventually(|| cache.stats().background == 0).await;
        assert_eq!((cache.stats().load_errors, cache.stats().flights), (1, 0));
        source.write(7);
        assert_eq!(row(source.clone(), 1).await, Ok(7));
    })
    .await;
}

/// H11, L05: it is overtaken like any other load.
#[tokio::test]
async fn h11_an_invalidation_wins_over_a_load_that_goes_on() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let call = begin(&cache, row(source.clone(), 1)).await;
        gate.reached().await;
        cache.clock().advance(HARD);
        call.await.expect("ran").expect_err("late");
        source.write(8);
        cache.invalidate_tag("timeouts:tag").await.expect("invalidated");
        gate.release();
        eventually(|| cache.stats().background == 0).await;
        assert_eq!(row(source.clone(), 1).await, Ok(8));
    })
    .await;
}

/// V06: what goes on is waited for, and kept.
#[tokio::test]
async fn v06_shutdown_waits_for_loads_in_the_background() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let call = begin(&cache, row(source.clone(), 1)).await;
        gate.reached().await;
        cache.clock().advance(HARD);
        call.await.expect("ran").expect_err("late");
        let end = tokio::spawn({
            let cache = cache.clone();
            async move { cache.shutdown(Duration::from_secs(60)).await }
        });
        cache_runtime::testing::Node::settle().await;
        assert!(!end.is_finished());
        gate.release();
        end.await.expect("ended");
        assert_eq!(cache.stats().background, 0);
    })
    .await;
}

/// H09: and its late answer does no harm.
#[tokio::test]
async fn h09_a_store_that_is_slow_to_read_counts_into_the_callers_time() {
    on_nodes(async |[ada]: [Node; 1]| {
        let source = Source::new(7);
        ada.run(row(source.clone(), 1)).await.expect("loaded");
        ada.clock().advance(Duration::from_secs(11));
        let read = ada.store().hold(Operation::Read, When::After);
        let call = begin(ada.cache(), row(source.clone(), 1)).await;
        read.reached().await;
        ada.clock().advance(SOFT);
        assert_eq!(call.await.expect("ran"), Ok(7), "the stale value");
        source.write(8);
        ada.cache().invalidate_tag("timeouts:tag").await.expect("acknowledged");
        read.release();
        eventually(|| ada.cache().stats().background == 0).await;
        assert_eq!(ada.run(row(source.clone(), 1)).await, Ok(8));
    })
    .await;
}

/// H10: what was loaded is kept when the store comes round to it.
#[tokio::test]
async fn h10_a_store_that_is_slow_to_write_counts_into_the_callers_time() {
    on_nodes(async |[ada]: [Node; 1]| {
        let source = Source::new(7);
        let commit = ada.store().hold(Operation::Commit, When::Before);
        let call = begin(ada.cache(), row(source.clone(), 1)).await;
        commit.reached().await;
        ada.clock().advance(HARD);
        assert_eq!(call.await.expect("ran"), Err(Failed::Late(Unanswered::TimedOut { waited: HARD })));
        commit.release();
        eventually(|| ada.cache().stats().background == 0).await;
        ada.run(async { drop(assert_hit!(row(source.clone(), 1))) }).await;
        assert_eq!(source.reads(), 1);
    })
    .await;
}
