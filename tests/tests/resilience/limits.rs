//! Deadlines, attempts, and how much may be under way at once: J01 to J03, Y13.

use cache_runtime::key::Key;
use cache_runtime::store::{Begin, Deadlines, Guarded, Lease, Leased, Resilience, Store};
use cache_runtime::testing::{FaultyStore, Operation, When};
use cache_runtime::{Cache, Clock, Error, MemoryStore, Policy, StoreError, assert_hit, cached};
use cache_tests::Source;
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "limits:row:<id>", ttl = 60, tags = ["limits"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

async fn guarded(resilience: Resilience) -> (FaultyStore, Cache) {
    let clock = Clock::manual();
    let store = FaultyStore::new(MemoryStore::with_clock(clock.clone()));
    let cache = Cache::builder().clock(clock).store(store.clone()).resilience(resilience).build().await;
    (store, cache.expect("coherent"))
}

#[tokio::test]
async fn what_fails_once_is_asked_again_and_the_caller_does_not_notice() {
    let (store, cache) = guarded(Resilience::default()).await;
    let source = Source::new(7);
    for operation in [Operation::Read, Operation::Begin] {
        store.fail_next(operation, 1);
    }
    assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 7);
    assert_eq!((store.calls(Operation::Read), store.calls(Operation::Begin)), (2, 2));
    for operation in [Operation::Bump, Operation::Remove, Operation::Clear] {
        store.fail_next(operation, 1);
    }
    cache.invalidate_tag("limits").await.expect("at the second attempt");
    cache.remove("limits:row:1").await.expect("at the second attempt");
    cache.clear().await.expect("at the second attempt");
    assert_eq!((cache.stats().store_retries, cache.stats().store_errors), (5, 0));
}

#[tokio::test]
async fn so_is_the_lease_of_a_key_which_its_holder_is_given_again() {
    let faulty = FaultyStore::new(MemoryStore::new());
    let store = Guarded::new(Arc::new(faulty.clone()), Resilience::default(), Clock::manual());
    let begin = Begin {
        key: &Key::new("", "k".to_owned(), 8),
        dependencies: &[],
        generation_life_ms: 60_000,
        fence_life_ms: 60_000,
        lease: Some(Lease { holder: 7, life_ms: 60_000 }),
        head: 0,
    };
    for _ in 0..2 {
        faulty.fail_next(Operation::Begin, 1);
        assert_eq!(store.begin("", begin).await.expect("at the second attempt").leased, Leased::Taken);
    }
    assert_eq!(store.retries(), 2);
}

#[tokio::test]
async fn what_a_second_attempt_could_not_tell_from_the_first_is_attempted_once() {
    let (store, cache) = guarded(Resilience { retries: 5, ..Resilience::default() }).await;
    for operation in [Operation::Commit, Operation::Put] {
        store.fail_next(operation, 1);
    }
    cache.clone().scope(row(Source::new(7), 1)).await;
    assert!(cache.set("limits:k", 1_u64, Policy::ttl(Duration::from_secs(60))).await.is_err());
    assert_eq!((store.calls(Operation::Commit), store.calls(Operation::Put)), (1, 1));
}

#[tokio::test]
async fn an_invalidation_that_may_have_been_performed_is_repeated_and_a_read_is_not() {
    let deadlines = Some(Deadlines { read: Duration::from_millis(1), write: Duration::from_millis(200) });
    let (store, cache) = guarded(Resilience { deadlines, ..Resilience::default() }).await;
    let _unanswered = store.hold(Operation::Read, When::After);
    assert_eq!(cache.get::<u64>("limits:k").await, None);
    assert_eq!(store.calls(Operation::Read), 1, "its time is up");
    let _unanswered = store.hold(Operation::Bump, When::After);
    cache.invalidate_tag("limits").await.expect("at the second attempt");
    assert_eq!(store.calls(Operation::Bump), 2);
}

#[tokio::test]
async fn a_store_that_never_answers_costs_its_deadline_and_fails_nobody() {
    let deadlines = Some(Deadlines { read: Duration::from_millis(1), write: Duration::from_millis(1) });
    let (store, cache) = guarded(Resilience { deadlines, ..Resilience::default() }).await;
    let _frozen = [Operation::Read, Operation::Begin].map(|operation| store.hold(operation, When::Before));
    assert_eq!(cache.clone().scope(row(Source::new(7), 1)).await, 7);
    assert_eq!(cache.stats().store_errors, 2);
    let _frozen = [(); 2].map(|()| store.hold(Operation::Bump, When::Before));
    let late = cache.invalidate_tag("limits").await.expect_err("twice late");
    assert!(matches!(late, Error::Store(StoreError::Timeout { .. })), "{late}");
}

#[tokio::test]
async fn what_is_too_much_at_once_is_not_asked_for_and_reads_do_not_keep_invalidations_out() {
    let (store, cache) = guarded(Resilience { max_in_flight: 1, ..Resilience::default() }).await;
    let held = store.hold(Operation::Read, When::Before);
    let slow = tokio::spawn(cache.clone().scope(row(Source::new(7), 1)));
    held.reached().await;
    assert_eq!(cache.stats().store_in_flight, 1);
    assert_eq!(cache.clone().scope(row(Source::new(8), 2)).await, 8, "from its source");
    assert_eq!((store.calls(Operation::Read), cache.stats().store_skipped), (1, 2));
    cache.invalidate_tag("limits").await.expect("it has room of its own");
    held.release();
    assert_eq!(slow.await.expect("served"), 7);
    assert_eq!(cache.stats().store_in_flight, 0);
    cache.scope(async { (row(Source::new(9), 2).await, assert_hit!(row(Source::new(9), 2))) }).await;
}
