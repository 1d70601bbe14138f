//! Breakers: P01 to P06.

use cache_runtime::store::{Breaker, BreakerState, Deadlines, Resilience};
use cache_runtime::testing::{FaultyStore, Operation, When};
use cache_runtime::{Builder, Cache, Clock, Error, MemoryStore, Notice, StoreError, cached};
use cache_tests::{Source, eventually};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cached(key = "breakers:row:<id>", ttl = 60, invalidate_on = ["breakers_changed"], tags = ["breakers"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// Three failures open it; nothing is repeated.
fn resilience() -> Resilience {
    let breaker = Breaker { failures: 3, open_for: Duration::from_secs(1), ..Breaker::default() };
    Resilience { breaker: Some(breaker), retries: 0, ..Resilience::default() }
}

async fn guarded(configure: impl FnOnce(Builder) -> Builder) -> (FaultyStore, Cache) {
    let clock = Clock::manual();
    let store = FaultyStore::new(MemoryStore::with_clock(clock.clone()));
    let builder = Cache::builder().clock(clock).store(store.clone()).resilience(resilience());
    (store, configure(builder).build().await.expect("coherent"))
}

const READ: [Operation; 3] = [Operation::Read, Operation::Begin, Operation::Commit];

/// Calls different rows until the breaker is open: each that the store does not answer fails a read and a begin.
async fn open(store: &FaultyStore, cache: &Cache) {
    READ.iter().for_each(|operation| store.fail(*operation));
    let source = Source::new(7);
    for id in 0..2 {
        assert_eq!(cache.clone().scope(row(source.clone(), id)).await, 7);
    }
    assert_eq!(cache.stats().breakers_open, 1);
}

#[tokio::test]
async fn p01_failures_in_a_row_open_it_operations_are_skipped_meanwhile_and_it_closes_by_itself() {
    let (store, cache) = guarded(|builder| builder).await;
    open(&store, &cache).await;
    let (asked, failed, source) = (store.all_calls(), cache.stats().store_errors, Source::new(8));
    for id in 10..60 {
        assert_eq!(cache.clone().scope(row(source.clone(), id)).await, 8);
    }
    assert_eq!(store.all_calls(), asked, "the store is left alone");
    assert_eq!((cache.stats().store_errors, cache.stats().store_skipped), (failed, 1 + 2 * 50));
    store.heal();
    cache.clock().advance(Duration::from_secs(1));
    assert_eq!(cache.clone().scope(row(source.clone(), 100)).await, 8);
    assert_eq!(cache.stats().breakers_open, 0);
    assert_eq!(store.calls(Operation::Commit), 1, "and what was loaded is kept again");
}

#[tokio::test]
async fn p02_without_a_breaker_the_store_is_asked_every_time() {
    let (store, cache) = guarded(|builder| builder.resilience(Resilience::off())).await;
    READ.iter().for_each(|operation| store.fail(*operation));
    for id in 0..50 {
        assert_eq!(cache.clone().scope(row(Source::new(7), id)).await, 7);
    }
    assert_eq!((store.calls(Operation::Read), store.calls(Operation::Begin)), (50, 50));
    assert_eq!((cache.stats().breakers_open, cache.stats().store_skipped), (0, 0));
}

#[tokio::test]
async fn p03_each_change_of_its_state_is_told_once() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let observe = move |notice: &Notice<'_>| {
        if let Notice::Breaker { store: "memory", server: None, state } = notice {
            tell.lock().expect("no panic").push(*state);
        }
    };
    let (store, cache) = guarded(|builder| builder.observer(observe)).await;
    open(&store, &cache).await;
    let probe = async |id| {
        cache.clock().advance(Duration::from_secs(1));
        cache.clone().scope(row(Source::new(7), id)).await;
    };
    probe(10).await;
    store.heal();
    probe(11).await;
    probe(12).await;
    use BreakerState::{Closed, HalfOpen, Open};
    assert_eq!(*told.lock().expect("no panic"), [Open, HalfOpen, Open, HalfOpen, Closed]);
}

#[tokio::test]
async fn p04_a_message_from_the_store_ends_the_wait_for_it() {
    let (store, cache) = guarded(|builder| builder).await;
    let other = Cache::builder().store(store.clone()).build().await.expect("coherent");
    eventually(|| cache.stats().is_listening).await;
    open(&store, &cache).await;
    store.heal();
    let heard = cache.stats().messages;
    other.invalidate_tag("breakers").await.expect("it is well");
    eventually(|| cache.stats().messages > heard).await;
    cache.clone().scope(row(Source::new(7), 10)).await;
    assert_eq!(cache.stats().breakers_open, 0, "without its time having passed");
}

#[tokio::test]
async fn p05_half_open_lets_a_limited_number_of_probes_through() {
    let (store, cache) = guarded(|builder| builder).await;
    open(&store, &cache).await;
    store.heal();
    cache.clock().advance(Duration::from_secs(1));
    let probe = store.hold(Operation::Read, When::Before);
    let probing = tokio::spawn(cache.clone().scope(row(Source::new(7), 10)));
    probe.reached().await;
    let asked = store.all_calls();
    for id in 20..30 {
        assert_eq!(cache.clone().scope(row(Source::new(7), id)).await, 7, "nobody waits for the probe");
    }
    assert_eq!(store.all_calls(), asked);
    probe.release();
    assert_eq!(probing.await.expect("served"), 7);
    assert_eq!(cache.stats().breakers_open, 0);
}

#[tokio::test]
async fn p06_timeouts_are_failures_unless_told_otherwise() {
    for (counts_timeouts, opened) in [(true, 1), (false, 0)] {
        let deadlines = Some(Deadlines { read: Duration::from_millis(1), write: Duration::from_secs(60) });
        let breaker = Breaker { failures: 2, counts_timeouts, ..Breaker::default() };
        let resilience = Resilience { deadlines, breaker: Some(breaker), ..resilience() };
        let (store, cache) = guarded(|builder| builder.resilience(resilience)).await;
        for key in ["a", "b"] {
            let _frozen = store.hold(Operation::Read, When::Before);
            assert_eq!(cache.get::<u64>(key).await, None);
        }
        assert_eq!(cache.stats().breakers_open, opened);
    }
}

#[tokio::test]
async fn p07_an_invalidation_that_is_skipped_is_reported() {
    let (store, cache) = guarded(|builder| builder).await;
    open(&store, &cache).await;
    let skipped = cache.invalidate_tag("breakers").await.expect_err("the store is not asked");
    assert!(matches!(skipped, Error::Store(StoreError::BreakerOpen { .. })), "{skipped}");
    assert_eq!((cache.stats().invalidations_failed, store.calls(Operation::Bump)), (1, 0));
}

#[tokio::test]
async fn failures_with_successes_between_them_do_not_open_it() {
    let (store, cache) = guarded(|builder| builder).await;
    let source = Source::new(7);
    for id in 0..50 {
        store.fail_next(Operation::Read, 1);
        assert_eq!(cache.clone().scope(row(source.clone(), id)).await, 7, "every second operation succeeds");
    }
    assert_eq!(cache.stats().breakers_open, 0);
}
