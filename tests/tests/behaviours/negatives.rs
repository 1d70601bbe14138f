//! Absences and errors: Q01, Q02, Q04 to Q06.

use cache_runtime::{assert_hit, assert_miss, cached};
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
