//! What a caller says of a call: B05, B17, J07.

use cache_runtime::{Call, Unanswered, assert_hit, cached, with};
use cache_tests::{Source, on_each};
use std::time::Duration;

#[derive(Debug, PartialEq, Eq)]
struct Missing(Unanswered);

impl From<Unanswered> for Missing {
    fn from(why: Unanswered) -> Self {
        Self(why)
    }
}

#[cached(key = "calls:row:<id>", ttl = 60)]
async fn row(source: &Source, id: u64) -> Result<u64, Missing> {
    Ok(source.read().await)
}

#[cached(key = "calls:found:<id>", ttl = 60)]
async fn found(source: &Source, id: u64) -> Option<u64> {
    Some(source.read().await)
}

#[tokio::test]
async fn a_call_that_bypasses_the_cache_runs_the_body_and_keeps_nothing() {
    on_each(async |_, _| {
        let source = Source::new(7);
        row(&source, 1).await.expect("loaded");
        source.write(8);
        assert_eq!(with(Call::bypass(), row(&source, 1)).await, Ok(8));
        assert_eq!(row(&source, 1).await, Ok(7), "what was cached is there still");
        assert_eq!(source.reads(), 2);
    })
    .await;
}

/// B17.
#[tokio::test]
async fn b17_a_call_that_refreshes_runs_the_body_and_replaces_the_entry() {
    on_each(async |_, _| {
        let source = Source::new(7);
        row(&source, 1).await.expect("loaded");
        source.write(8);
        assert_eq!(with(Call::refresh(), row(&source, 1)).await, Ok(8));
        drop(assert_hit!(row(&source, 1)));
        assert_eq!(row(&source, 1).await, Ok(8));
    })
    .await;
}

/// B05: it neither loads nor keeps.
#[tokio::test]
async fn b05_a_call_for_what_is_cached_never_loads() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        assert_eq!(with(Call::only_cached(), row(&source, 1)).await, Err(Missing(Unanswered::NotCached)));
        assert_eq!(with(Call::only_cached(), found(&source, 1)).await, None);
        assert_eq!(source.reads(), 0);
        row(&source, 1).await.expect("loaded");
        assert_eq!(with(Call::only_cached(), row(&source, 1)).await, Ok(7));
        cache.clock().advance(Duration::from_secs(60));
        with(Call::only_cached(), row(&source, 1)).await.expect_err("expired");
        assert_eq!(source.reads(), 1);
    })
    .await;
}

/// The inner of two counts, and what is not said is as it was.
#[tokio::test]
async fn of_two_calls_the_inner_says_how_far_the_cache_is_used() {
    on_each(async |_, _| {
        let source = Source::new(7);
        let inner = async { with(Call::refresh(), row(&source, 1)).await };
        assert_eq!(with(Call::only_cached(), inner).await, Ok(7));
        let inner = async { with(Call::strong(), row(&source, 1)).await };
        source.write(8);
        assert_eq!(with(Call::bypass(), inner).await, Ok(8));
    })
    .await;
}
