//! Invalidations that are never lost: K09, O01 to O12, P07.

use cache_runtime::store::Resilience;
use cache_runtime::testing::{FaultyStore, Node, Operation, When};
use cache_runtime::{
    Builder, Cache, Clock, Event, MemoryStore, Notice, Policy, Recovery, assert_hit, assert_miss, cached,
};
use cache_tests::{Source, eventually};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cached(key = "queue:row:<id>", ttl = 600, invalidate_on = ["queue_changed"], tags = ["queue:<id>"])]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

/// All that invalidates.
const WRITES: [Operation; 3] = [Operation::Bump, Operation::Remove, Operation::Clear];

fn changed(id: u64) -> Event {
    Event::new("queue_changed").field("id", id)
}

/// Two nodes of which the first keeps what the store does not perform.
async fn nodes(configure: impl Fn(Builder) -> Builder) -> [Node; 2] {
    let once = Resilience { retries: 0, breaker: None, ..Resilience::default() };
    let keeping = |builder: Builder| configure(builder.recovery(Recovery::default()).resilience(once));
    Node::several_with(keeping).await.expect("coherent")
}

/// Moves the clock on until nothing waits any more.
async fn recovered(node: &Node) {
    eventually(|| {
        node.clock().advance(Duration::from_millis(20));
        node.cache().stats().invalidations_waiting == 0
    })
    .await;
}

#[tokio::test]
async fn o01_k09_what_the_store_did_not_perform_holds_here_at_once_and_everywhere_when_it_is_back() {
    let [a, b] = nodes(|builder| builder).await;
    let source = Source::new(1);
    for node in [&a, &b] {
        node.run(row(&source, 1)).await;
        node.run(row(&source, 2)).await;
    }
    source.write(2);
    WRITES.iter().for_each(|operation| a.store().fail(*operation));
    let token = a.cache().emit(changed(1)).await.expect("accepted");
    assert!(token.is_queued());
    // The store can be read all the while, and has the old value.
    for _ in 0..3 {
        assert_eq!(a.run(async { assert_miss!(row(&source, 1)) }).await, 2);
    }
    assert_eq!(a.run(async { assert_hit!(row(&source, 2)) }).await, 1, "what does not depend on it is served");
    a.store().heal();
    recovered(&a).await;
    Node::settle().await;
    assert_eq!(b.run(row(&source, 1)).await, 2, "the other node has heard of it");
    assert_eq!(a.run(row(&source, 1)).await, 2);
    assert_eq!(a.run(async { assert_hit!(row(&source, 1)) }).await, 2, "and it is kept again");
}

#[tokio::test]
async fn o01_the_same_of_a_removal_and_of_a_clear() {
    for clears in [false, true] {
        let [a, b] = nodes(|builder| builder).await;
        let source = Source::new(1);
        a.run(row(&source, 1)).await;
        b.run(row(&source, 1)).await;
        source.write(2);
        WRITES.iter().for_each(|operation| a.store().fail(*operation));
        if clears {
            assert!(a.cache().clear().await.expect("accepted").is_queued());
        } else {
            a.cache().remove("queue:row:1").await.expect("accepted");
        }
        assert_eq!(a.run(async { assert_miss!(row(&source, 1)) }).await, 2);
        a.store().heal();
        recovered(&a).await;
        Node::settle().await;
        assert_eq!(b.run(row(&source, 1)).await, 2);
        a.run(row(&source, 1)).await;
        a.run(async { assert_hit!(row(&source, 1)) }).await;
    }
}

#[tokio::test]
async fn o02_unless_asked_for_nothing_is_queued() {
    let [node] = Node::several().await.expect("coherent");
    node.store().fail(Operation::Bump);
    node.cache().emit(changed(1)).await.expect_err("the store is away");
    assert_eq!((node.cache().stats().invalidations_queued, node.cache().stats().invalidations_failed), (0, 1));
}

#[tokio::test]
async fn o03_what_does_not_fit_is_an_error_and_nothing_is_forgotten_for_it() {
    let [a, _] = nodes(|builder| builder.recovery(Recovery { max_queued: 2, ..Recovery::default() })).await;
    WRITES.iter().for_each(|operation| a.store().fail(*operation));
    a.cache().invalidate_tag("one").await.expect("accepted");
    a.cache().invalidate_tags(&["two", "three"]).await.expect_err("two more are too many");
    a.cache().invalidate_tags(&["one", "two"]).await.expect("one of them waits already");
    a.cache().invalidate_tag("three").await.expect_err("full");
    let stats = a.cache().stats();
    assert_eq!((stats.invalidations_waiting, stats.invalidations_failed), (2, 2));
    a.store().heal();
    recovered(&a).await;
    assert_eq!(a.cache().stats().invalidations_replayed, 2);
}

#[tokio::test]
async fn o04_a_name_that_is_queued_twice_is_performed_once() {
    let [a, _] = nodes(|builder| builder).await;
    WRITES.iter().for_each(|operation| a.store().fail(*operation));
    for _ in 0..100 {
        a.cache().emit(changed(1)).await.expect("accepted");
    }
    assert_eq!(a.cache().stats().invalidations_waiting, 2, "one for each subset of the fields");
    a.store().heal();
    let asked = a.store().calls(Operation::Bump);
    recovered(&a).await;
    assert_eq!(a.store().calls(Operation::Bump), asked + 1, "in one go");
}

#[tokio::test]
async fn o04_and_once_more_if_it_was_queued_while_it_was_performed() {
    let [a, _] = nodes(|builder| builder).await;
    a.store().fail_next(Operation::Bump, 1);
    a.cache().invalidate_tag("t").await.expect("accepted");
    let replay = a.store().hold(Operation::Bump, When::After);
    Node::settle().await;
    a.clock().advance(Duration::from_secs(1));
    replay.reached().await;
    a.store().fail_next(Operation::Bump, 1);
    a.cache().invalidate_tag("t").await.expect("accepted, too late for the one under way");
    let another = a.store().hold(Operation::Bump, When::Before);
    replay.release();
    another.reached().await;
    assert_eq!(a.cache().stats().invalidations_waiting, 1, "the first one did not settle it");
    another.release();
    eventually(|| a.cache().stats().invalidations_waiting == 0).await;
}

#[tokio::test]
async fn o05_what_another_node_wrote_meanwhile_is_taken_over() {
    let [a, b] = nodes(|builder| builder).await;
    let source = Source::new(1);
    a.run(row(&source, 1)).await;
    source.write(2);
    a.store().fail(Operation::Bump);
    assert!(a.cache().emit(changed(1)).await.expect("accepted").is_queued());
    source.write(3);
    b.cache().emit(changed(1)).await.expect("performed");
    assert_eq!(b.run(row(&source, 1)).await, 3);
    a.store().heal();
    recovered(&a).await;
    Node::settle().await;
    for node in [&a, &b] {
        assert_eq!(node.run(row(&source, 1)).await, 3);
        assert_eq!(node.run(async { assert_hit!(row(&source, 1)) }).await, 3);
    }
}

#[tokio::test]
async fn o06_with_the_store_back_and_the_bus_still_away_the_bound_holds() {
    let [a, b] = nodes(|builder| builder.max_staleness(Duration::from_millis(500))).await;
    let source = Source::new(1);
    b.run(row(&source, 1)).await;
    a.store().fail(Operation::Bump);
    b.store().break_bus(true);
    source.write(2);
    assert!(a.cache().emit(changed(1)).await.expect("accepted").is_queued());
    a.store().heal();
    recovered(&a).await;
    assert_eq!(a.cache().stats().invalidations_replayed, 2, "one for each subset of the fields");
    b.clock().advance(Duration::from_millis(500));
    assert_eq!(b.run(row(&source, 1)).await, 2, "without having heard of it");
    b.store().break_bus(false);
    assert_eq!(b.run(async { assert_hit!(row(&source, 1)) }).await, 2);
}

#[tokio::test]
async fn o08_what_was_set_after_a_removal_was_accepted_outlives_it() {
    let [a, b] = nodes(|builder| builder).await;
    let policy = || Policy::ttl(Duration::from_secs(600));
    a.store().fail_next(Operation::Remove, 1);
    a.cache().remove("k").await.expect("accepted");
    a.cache().set("k", 2_u64, policy()).await.expect("the store is back");
    assert_eq!(a.cache().stats().invalidations_waiting, 0, "there is nothing left to remove");
    a.clock().advance(Duration::from_secs(5));
    Node::settle().await;
    assert_eq!((a.cache().get::<u64>("k").await, b.cache().get::<u64>("k").await), (Some(2), Some(2)));
}

#[tokio::test]
async fn a_later_invalidation_of_the_same_settles_what_was_queued() {
    let [a, _] = nodes(|builder| builder).await;
    let source = Source::new(1);
    a.store().fail_next(Operation::Bump, 1);
    assert!(a.cache().emit(changed(1)).await.expect("accepted").is_queued());
    assert!(!a.cache().emit(changed(1)).await.expect("performed").is_queued());
    assert_eq!(a.cache().stats().invalidations_waiting, 0);
    a.run(row(&source, 1)).await;
    a.run(async { assert_hit!(row(&source, 1)) }).await;
}

#[tokio::test]
async fn an_invalidation_whose_caller_gives_up_is_performed_all_the_same() {
    let [a, b] = nodes(|builder| builder).await;
    let source = Source::new(1);
    b.run(row(&source, 1)).await;
    source.write(2);
    let held = a.store().hold(Operation::Bump, When::Before);
    let cache = a.cache().clone();
    let emitting = tokio::spawn(async move { cache.emit(changed(1)).await });
    held.reached().await;
    emitting.abort();
    assert!(emitting.await.is_err_and(|ended| ended.is_cancelled()));
    recovered(&a).await;
    Node::settle().await;
    assert_eq!(b.run(row(&source, 1)).await, 2);
}

#[tokio::test]
async fn o11_a_long_queue_is_performed_at_its_rate() {
    let [a, _] = nodes(|builder| builder.recovery(Recovery { max_queued: 10_000, per_second: 256 })).await;
    let tags: Vec<String> = (0..1_024).map(|at| format!("t{at}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    a.store().fail_next(Operation::Bump, 1);
    a.cache().invalidate_tags(&tags).await.expect("accepted");
    let started_ms = a.clock().now_ms();
    recovered(&a).await;
    let took_ms = a.clock().now_ms() - started_ms;
    assert!(took_ms >= 3_000, "four lots of 256, a second apart: {took_ms} ms");
}

#[tokio::test]
async fn o12_what_was_queued_performed_and_given_up_is_counted_and_told() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let clock = Clock::manual();
    let store = FaultyStore::new(MemoryStore::with_clock(clock.clone()));
    let cache = Cache::builder()
        .clock(clock)
        .store(store.clone())
        .recovery(Recovery::default())
        .observer(move |notice: &Notice<'_>| match notice {
            Notice::InvalidationsQueued { names } => tell.lock().expect("no panic").push(("queued", *names)),
            Notice::InvalidationsReplayed { names } => tell.lock().expect("no panic").push(("replayed", *names)),
            Notice::InvalidationsDropped { names } => tell.lock().expect("no panic").push(("dropped", *names)),
            _ => {}
        })
        .build()
        .await
        .expect("coherent");
    store.fail(Operation::Bump);
    cache.invalidate_tags(&["a", "b"]).await.expect("accepted");
    cache.shutdown(Duration::from_millis(20)).await;
    let stats = cache.stats();
    assert_eq!((stats.invalidations_queued, stats.invalidations_dropped, stats.invalidations_waiting), (2, 2, 0));
    assert_eq!(*told.lock().expect("no panic"), [("queued", 2), ("dropped", 2)]);
    assert!(matches!(cache.invalidate_tag("a").await, Err(cache_runtime::Error::ShutDown)));
}

#[tokio::test]
async fn p07_v06_shutting_down_waits_for_what_is_queued() {
    let [a, b] = nodes(|builder| builder).await;
    let source = Source::new(1);
    b.run(row(&source, 1)).await;
    source.write(2);
    a.store().fail(Operation::Bump);
    a.cache().emit(changed(1)).await.expect("accepted");
    a.store().heal();
    a.cache().shutdown(Duration::from_secs(10)).await;
    assert_eq!((a.cache().stats().invalidations_dropped, a.cache().stats().invalidations_waiting), (0, 0));
    Node::settle().await;
    assert_eq!(b.run(row(&source, 1)).await, 2);
}

#[test]
fn v07_a_runtime_that_ends_takes_nothing_along() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let store = FaultyStore::new(MemoryStore::new());
    let (first, second) = (runtime(), runtime());
    let cache = first.block_on(async {
        let cache =
            Cache::builder().store(store.clone()).recovery(Recovery::default()).build().await.expect("coherent");
        store.fail(Operation::Bump);
        cache.invalidate_tag("a").await.expect("accepted");
        cache
    });
    drop(first);
    store.heal();
    second.block_on(async {
        store.fail_next(Operation::Bump, 2);
        cache.invalidate_tag("b").await.expect("accepted");
        eventually(|| cache.stats().invalidations_waiting == 0).await;
    });
    assert_eq!(cache.stats().invalidations_replayed, 2, "of the runtime that ended, too");
}

#[tokio::test]
async fn o10_what_the_store_refuses_for_good_does_not_hold_up_the_rest() {
    let clock = Clock::manual();
    let store = FaultyStore::new(MemoryStore::with_clock(clock.clone()));
    let builder = Cache::builder().clock(clock.clone()).store(store.clone()).recovery(Recovery::default());
    let cache = builder.build().await.expect("coherent");
    store.refuse("tag:poison");
    store.fail_next(Operation::Bump, 2);
    cache.invalidate_tags(&["a", "poison", "z"]).await.expect("accepted");
    eventually(|| {
        clock.advance(Duration::from_millis(50));
        cache.stats().invalidations_replayed == 2
    })
    .await;
    assert_eq!(cache.stats().invalidations_waiting, 1, "and it is not forgotten");
}

#[tokio::test]
async fn what_is_about_to_be_cleared_does_not_stand_in_for_a_load_that_fails() {
    #[cached(key = "queue:stands-in", ttl = 1, stale_if_error = 600, skip(fails))]
    async fn stands_in(fails: bool) -> Result<u64, String> {
        if fails { Err("the source is away".to_owned()) } else { Ok(7) }
    }
    for clears in [false, true] {
        let [a, _] = nodes(|builder| builder).await;
        assert_eq!(a.run(stands_in(false)).await, Ok(7));
        a.clock().advance(Duration::from_secs(2));
        if clears {
            a.store().fail(Operation::Clear);
            assert!(a.cache().clear().await.expect("accepted").is_queued());
        }
        let answer = a.run(stands_in(true)).await;
        assert_eq!(answer.is_err(), clears, "{answer:?}");
    }
}
