//! Absences and errors: Q01 to Q06.

use cache_runtime::testing::Node;
use cache_runtime::{Event, assert_hit, assert_miss, cached};
use cache_tests::{Source, eventually_is, on_each, on_nodes};
use std::sync::Arc;
use std::time::Duration;

async fn positive(source: &Source) -> Option<u64> {
    Some(source.read().await).filter(|value| *value > 0)
}

#[cached(key = "negatives:remembered:<id>", ttl = 60, none_ttl = 5)]
async fn remembered(source: Arc<Source>, id: u64) -> Option<u64> {
    positive(&source).await
}

#[tokio::test]
async fn q01_q02_an_absence_is_remembered_for_its_own_time_and_is_a_hit() {
    on_each(async |cache, _| {
        let source = Source::new(0);
        assert_eq!(assert_miss!(remembered(source.clone(), 1)), None);
        cache.clock().advance(Duration::from_millis(4_999));
        source.write(7);
        assert_eq!(assert_hit!(remembered(source.clone(), 1)), None);
        cache.clock().advance(Duration::from_millis(1));
        assert_eq!(assert_miss!(remembered(source.clone(), 1)), Some(7));
        cache.clock().advance(Duration::from_secs(59));
        assert_eq!(assert_hit!(remembered(source, 1)), Some(7));
    })
    .await;
}

#[tokio::test]
async fn q01_an_absence_is_not_remembered_where_nobody_says_for_how_long() {
    #[cached(key = "negatives:forgotten", ttl = 60)]
    async fn forgotten(source: &Source) -> Option<u64> {
        positive(source).await
    }
    on_each(async |_, _| {
        let source = Source::new(0);
        assert_eq!((forgotten(&source).await, assert_miss!(forgotten(&source))), (None, None));
    })
    .await;
}

#[tokio::test]
async fn q06_what_another_node_sets_ends_a_remembered_absence() {
    on_nodes(async |[a, b]| {
        let source = Source::new(0);
        assert_eq!(a.run(remembered(source.clone(), 1)).await, None);
        assert_eq!(b.run(remembered(source.clone(), 1)).await, None);
        b.run(async { remembered_entry(1).set(7).await }).await.expect("stored");
        eventually_is(async || a.run(remembered(source.clone(), 1)).await == Some(7)).await;
        assert_eq!(source.reads(), 1, "the absence and the value came from the store");
    })
    .await;
}

#[cached(key = "negatives:failing:<id>", ttl = 60)]
async fn failing(source: &Source, id: u64) -> Result<u64, String> {
    positive(source).await.ok_or_else(|| format!("{id} is out of order"))
}

#[tokio::test]
async fn q04_an_error_is_not_kept() {
    on_each(async |_, _| {
        let source = Source::new(0);
        assert!(failing(&source, 1).await.is_err());
        source.write(7);
        assert_eq!(assert_miss!(failing(&source, 1)), Ok(7));
    })
    .await;
}

#[tokio::test]
async fn q05_a_source_that_fails_does_not_end_what_it_gave_before() {
    on_each(async |_, _| {
        let source = Source::new(7);
        let _loaded = failing(&source, 1).await;
        source.write(0);
        assert!(failing_refresh(&source, 1).await.is_err());
        assert_eq!(assert_hit!(failing(&source, 1)), Ok(7));
    })
    .await;
}

#[derive(Clone, Debug, PartialEq)]
enum Fault {
    /// There is no such thing, and will be none for a while.
    Gone,
    /// The next attempt may succeed.
    Busy,
}

fn is_lasting(fault: &Fault) -> bool {
    *fault == Fault::Gone
}

/// 0 is gone, 1 is busy, all else is a value.
#[cached(
    key = "negatives:faulty:<id>",
    ttl = 60,
    error_ttl = 5,
    error_if = is_lasting,
    invalidate_on = ["negatives_faulty_changed"],
    tags = ["negatives:faulty"],
)]
async fn faulty(source: Arc<Source>, id: u64) -> Result<Option<u64>, Fault> {
    match source.read().await {
        0 => Err(Fault::Gone),
        1 => Err(Fault::Busy),
        value => Ok(Some(value)),
    }
}

#[tokio::test]
async fn q03_a_selected_error_is_remembered_for_its_own_time_and_is_a_hit() {
    on_each(async |cache, _| {
        let source = Source::new(0);
        assert_eq!(assert_miss!(faulty(source.clone(), 1)), Err(Fault::Gone));
        source.write(7);
        assert_eq!(assert_hit!(faulty(source.clone(), 1)), Err(Fault::Gone));
        cache.clock().advance(Duration::from_millis(4_999));
        assert_eq!(assert_hit!(faulty(source.clone(), 1)), Err(Fault::Gone));
        assert_eq!((cache.stats().l1_hits, cache.stats().loads, cache.stats().load_errors), (2, 1, 1));
        cache.clock().advance(Duration::from_millis(1));
        assert_eq!(assert_miss!(faulty(source.clone(), 1)), Ok(Some(7)));
    })
    .await;
}

#[tokio::test]
async fn q04_an_error_that_was_not_selected_is_not_remembered() {
    on_each(async |_, _| {
        let source = Source::new(1);
        assert_eq!(faulty(source.clone(), 1).await, Err(Fault::Busy));
        source.write(7);
        assert_eq!(assert_miss!(faulty(source, 1)), Ok(Some(7)));
    })
    .await;
}

#[tokio::test]
async fn q03_whatever_invalidates_a_value_ends_a_remembered_error() {
    on_each(async |cache, over| {
        let source = Source::new(0);
        for way in ["event", "tag", "remove", "set", "clear", "refresh"] {
            source.write(0);
            let _gone = faulty_refresh(source.clone(), 1).await;
            let _ended = faulty_entry(1).remove().await;
            assert_eq!(assert_miss!(faulty(source.clone(), 1)), Err(Fault::Gone), "{way} over {over:?}");
            assert_eq!(assert_hit!(faulty(source.clone(), 1)), Err(Fault::Gone), "{way} over {over:?}");
            source.write(7);
            let done = match way {
                "event" => cache.emit(Event::new("negatives_faulty_changed").field("id", 1)).await.map(drop),
                "tag" => cache.invalidate_tag("negatives:faulty").await.map(drop),
                "remove" => faulty_entry(1).remove().await.map(drop),
                "set" => faulty_entry(1).set(7).await,
                "clear" => cache.clear().await.map(drop),
                _ => faulty_refresh(source.clone(), 1).await.map(drop).map_err(|fault| panic!("{fault:?}")),
            };
            done.expect("acknowledged");
            assert_eq!(faulty(source.clone(), 1).await, Ok(Some(7)), "{way} over {over:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn q03_what_another_node_invalidates_removes_or_sets_ends_a_remembered_error() {
    on_nodes(async |[a, b]| {
        let source = Source::new(0);
        for way in ["event", "remove", "set"] {
            source.write(0);
            a.run(async { faulty_entry(1).remove().await }).await.expect("acknowledged");
            assert_eq!(a.run(faulty(source.clone(), 1)).await, Err(Fault::Gone));
            source.write(7);
            let entry = || faulty_entry(1);
            let done = match way {
                "event" => b.cache().emit(Event::new("negatives_faulty_changed").field("id", 1)).await.map(drop),
                "remove" => b.run(async { entry().remove().await.map(drop) }).await,
                _ => b.run(async { entry().set(7).await }).await,
            };
            done.expect("acknowledged");
            eventually_is(async || a.run(faulty(source.clone(), 1)).await == Ok(Some(7))).await;
        }
    })
    .await;
}

#[tokio::test]
async fn q03_an_error_from_before_an_invalidation_is_not_remembered() {
    on_each(async |cache, _| {
        let source = Source::new(0);
        let gate = source.hold();
        let load = tokio::spawn(cache.clone().scope(faulty(source.clone(), 1)));
        gate.reached().await;
        source.write(7);
        cache.invalidate_tag("negatives:faulty").await.expect("acknowledged");
        gate.release();
        assert_eq!(load.await.expect("served"), Err(Fault::Gone));
        assert_eq!(faulty(source, 1).await, Ok(Some(7)));
    })
    .await;
}

#[tokio::test]
async fn q03_who_waits_for_a_load_that_fails_so_is_given_its_error() {
    on_each(async |cache, _| {
        let source = Source::new(0);
        let gate = source.hold();
        let call = || tokio::spawn(cache.clone().scope(faulty(source.clone(), 1)));
        let first = call();
        gate.reached().await;
        let others: Vec<_> = (0..10).map(|_| call()).collect();
        Node::settle().await;
        gate.release();
        assert_eq!(first.await.expect("served"), Err(Fault::Gone));
        for other in others {
            assert_eq!(other.await.expect("served"), Err(Fault::Gone));
        }
        assert_eq!(source.reads(), 1);
    })
    .await;
}

#[tokio::test]
async fn q03_an_error_is_remembered_by_this_process_and_is_nothing_to_others() {
    on_nodes(async |[a, b]| {
        let source = Source::new(0);
        assert_eq!(a.run(faulty(source.clone(), 1)).await, Err(Fault::Gone));
        source.write(7);
        assert_eq!(b.run(faulty(source.clone(), 1)).await, Ok(Some(7)));
        assert_eq!(a.run(async { faulty_entry(1).get().await }).await, Some(7), "a handle asks for values only");
    })
    .await;
}

#[tokio::test]
async fn q05_a_refresh_that_fails_so_does_not_end_what_the_source_gave_before() {
    on_each(async |_, _| {
        let source = Source::new(7);
        let _loaded = faulty(source.clone(), 1).await;
        source.write(0);
        assert_eq!(faulty_refresh(source.clone(), 1).await, Err(Fault::Gone));
        assert_eq!(assert_hit!(faulty(source, 1)), Ok(Some(7)));
    })
    .await;
}
