//! One deadline for all that a call waits for in vain, and not one for each question.

use cache_runtime::store::{Breaker, Deadlines, Resilience};
use cache_runtime::testing::{FaultyStore, Operation, When};
use cache_runtime::{Cache, MemoryStore, cached};
use cache_tests::Source;
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "waits:row:<id>", ttl = 60)]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// A store whose reads have so many ms, and the rest so many.
async fn hurried(read_ms: u64, write_ms: u64) -> (FaultyStore, Cache) {
    let deadlines = Deadlines { read: Duration::from_millis(read_ms), write: Duration::from_millis(write_ms) };
    let breaker = Breaker { failures: 2, ..Breaker::default() };
    let resilience = Resilience { deadlines: Some(deadlines), breaker: Some(breaker), ..Resilience::default() };
    let store = FaultyStore::new(MemoryStore::new());
    let cache = Cache::builder().store(store.clone()).resilience(resilience).build().await;
    (store, cache.expect("coherent"))
}

#[tokio::test]
async fn who_has_waited_for_a_read_longer_than_for_a_begin_does_not_begin() {
    let (store, cache) = hurried(40, 20).await;
    let _frozen = store.hold(Operation::Read, When::Before);
    assert_eq!(cache.clone().scope(row(Source::new(7), 1)).await, 7);
    assert_eq!((store.calls(Operation::Read), store.calls(Operation::Begin)), (1, 0));
    assert_eq!(cache.stats().store_errors, 2, "both are told");
    assert_eq!(cache.clone().scope(row(Source::new(8), 1)).await, 8, "and nothing was kept that nobody vouches for");
    assert_eq!(
        (store.calls(Operation::Begin), store.calls(Operation::Commit)),
        (1, 1),
        "the next call has all its time"
    );
}

#[tokio::test]
async fn a_begin_has_what_the_read_has_left_and_the_commit_after_the_load_all_its_time() {
    let (store, cache) = hurried(20, 60_000).await;
    let _frozen = store.hold(Operation::Read, When::Before);
    assert_eq!(cache.clone().scope(row(Source::new(7), 1)).await, 7);
    assert_eq!((store.calls(Operation::Begin), store.calls(Operation::Commit)), (1, 1));
    assert_eq!(cache.clone().scope(row(Source::new(8), 1)).await, 7, "it is kept");
}

/// The server is not to blame for a begin that got less time than a read.
#[tokio::test]
async fn what_was_not_given_its_time_is_no_failure_to_the_breaker() {
    let (store, cache) = hurried(60, 70).await;
    for (id, opened) in [(1, 0), (2, 1)] {
        let _read = store.hold(Operation::Read, When::Before);
        let _begin = store.hold(Operation::Begin, When::Before);
        assert_eq!(cache.clone().scope(row(Source::new(7), id)).await, 7);
        assert_eq!(cache.stats().breakers_open, opened, "after {id} reads without an answer");
    }
}

/// A failure that is told at once costs no time: the read's refusal leaves the begin nearly all of it.
#[tokio::test]
async fn what_fails_at_once_costs_the_others_nothing() {
    let (store, cache) = hurried(30_000, 30_000).await;
    store.fail_next(Operation::Read, 2);
    assert_eq!(cache.clone().scope(row(Source::new(7), 1)).await, 7);
    assert_eq!((store.calls(Operation::Begin), store.calls(Operation::Commit)), (1, 1));
}
