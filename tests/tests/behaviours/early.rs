//! Loading anew before an entry expires: F01 to F11.

use cache_runtime::testing::Node;
use cache_runtime::{Cache, CacheEvent, Event, Policy, Tier, assert_hit, cached, observe};
use cache_tests::{Over, Source, begin, eventually, on_each, on_nodes};
use std::sync::Arc;
use std::time::Duration;

/// With such a beta an entry is due as soon as its load has cost anything.
#[cached(key = "early:eager:<id>", ttl = 60, early = 1e6, tags = ["early:tag"], invalidate_on = [Changed])]
async fn eager(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[derive(CacheEvent)]
#[event(name = "early_changed")]
struct Changed {
    id: u64,
}

#[cached(key = "early:fails:<id>", ttl = 60, early = 1e6, error_backoff = 5, stale_if_error = 1)]
async fn fails(source: Arc<Source>, id: u64) -> Result<u64, String> {
    match source.read().await {
        0 => Err("down".to_owned()),
        value => Ok(value),
    }
}

#[cached(key = "early:by_the_caller:<id>", ttl = 60)]
async fn by_the_caller(source: &Source, id: u64) -> u64 {
    source.read().await
}

/// Loads a value whose load took a second.
async fn loaded(cache: &cache_runtime::Cache, source: &Arc<Source>) {
    let gate = source.hold();
    let call = begin(cache, eager(source.clone(), 1)).await;
    gate.reached().await;
    cache.clock().advance(Duration::from_secs(1));
    gate.release();
    call.await.expect("loaded");
}

/// F01, F02, F03: the value at once, one load behind it, and its value afterwards.
#[tokio::test]
async fn f01_what_is_due_is_served_and_loaded_once_in_the_background() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        loaded(&cache, &source).await;
        source.write(8);
        let gate = source.hold();
        for _ in 0..10 {
            assert_eq!(eager(source.clone(), 1).await, 7, "nobody waits");
        }
        gate.reached().await;
        assert_eq!((source.reads(), cache.stats().background), (2, 1));
        gate.release();
        eventually(|| cache.stats().background == 0).await;
        assert_eq!(eager(source.clone(), 1).await, 8);
        assert_eq!(cache.stats().renewals, 1);
    })
    .await;
}

/// F04: the next reader waits for the load under way and begins none.
#[tokio::test]
async fn f04_what_expires_while_it_is_loaded_anew_is_waited_for() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        loaded(&cache, &source).await;
        source.write(8);
        let gate = source.hold();
        assert_eq!(eager(source.clone(), 1).await, 7);
        gate.reached().await;
        cache.clock().advance(Duration::from_secs(61));
        let waiter = begin(&cache, eager(source.clone(), 1)).await;
        gate.release();
        assert_eq!(waiter.await.expect("served"), 8);
        assert_eq!(source.most_at_once(), 1);
    })
    .await;
}

/// F05: who began it may go.
#[tokio::test]
async fn f05_the_load_does_not_end_with_the_caller() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        loaded(&cache, &source).await;
        source.write(8);
        let gate = source.hold();
        let call = begin(&cache, eager(source.clone(), 1)).await;
        gate.reached().await;
        call.abort();
        gate.release();
        eventually(|| cache.stats().background == 0).await;
        assert_eq!(eager(source.clone(), 1).await, 8);
    })
    .await;
}

/// F06: the value stays, and the next attempt comes after a while.
#[tokio::test]
async fn f06_a_load_that_fails_leaves_the_value_and_is_not_tried_again_at_once() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let call = begin(&cache, fails(source.clone(), 1)).await;
        gate.reached().await;
        cache.clock().advance(Duration::from_secs(1));
        gate.release();
        call.await.expect("ran").expect("loaded");
        source.write(0);
        for _ in 0..10 {
            assert_eq!(fails(source.clone(), 1).await, Ok(7));
            eventually(|| cache.stats().background == 0).await;
        }
        assert_eq!(source.reads(), 2);
        cache.clock().advance(Duration::from_secs(5));
        assert_eq!(fails(source.clone(), 1).await, Ok(7));
        eventually(|| cache.stats().background == 0).await;
        assert_eq!(source.reads(), 3);
    })
    .await;
}

/// F08, F09, L05: what is invalidated meanwhile is not kept.
#[tokio::test]
async fn f08_f09_an_invalidation_wins_over_a_load_in_the_background() {
    for by_tag in [true, false] {
        on_each(async |cache, over| {
            let source = Source::new(7);
            loaded(&cache, &source).await;
            let gate = source.hold();
            eager(source.clone(), 1).await;
            gate.reached().await;
            source.write(8);
            match by_tag {
                true => cache.invalidate_tag("early:tag").await.map(drop).expect("invalidated"),
                false => cache.emit(Changed { id: 1 }).await.map(drop).expect("emitted"),
            }
            gate.release();
            eventually(|| cache.stats().background == 0).await;
            assert_eq!(eager(source.clone(), 1).await, 8, "over {over:?}");
            assert_eq!(source.reads(), 3);
        })
        .await;
    }
}

/// F10: one that cost nothing to load is left alone until it expires.
#[tokio::test]
async fn f10_what_cost_nothing_to_load_is_never_early() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        eager(source.clone(), 1).await;
        cache.clock().advance(Duration::from_millis(59_999));
        for _ in 0..1_000 {
            assert_hit!(eager(source.clone(), 1));
        }
        assert_eq!(source.reads(), 1);
    })
    .await;
}

/// Functions without work in the background: the first to find it due loads it, the others are answered.
#[tokio::test]
async fn by_default_the_caller_who_finds_it_due_loads_it() {
    on_each(async |cache, over| {
        let source = Source::new(7);
        let held = source.clone();
        let gate = source.hold();
        let call = begin(&cache, async move { by_the_caller(&held, 1).await }).await;
        gate.reached().await;
        cache.clock().advance(Duration::from_secs(40));
        gate.release();
        call.await.expect("loaded");
        source.write(8);
        let gate = source.hold();
        let mut answers = Vec::new();
        for _ in 0..200 {
            let held = source.clone();
            answers.push(begin(&cache, async move { observe(by_the_caller(&held, 1)).await }).await);
        }
        gate.reached().await;
        gate.release();
        let mut loads = 0;
        for answer in answers {
            let (value, outcome) = answer.await.expect("answered");
            let is_load = outcome.is_some_and(|outcome| outcome.tier == Tier::Load);
            assert_eq!(value, if is_load { 8 } else { 7 }, "over {over:?}");
            loads += usize::from(is_load);
        }
        assert_eq!((loads, source.reads()), (1, 2));
    })
    .await;
}

/// F11: a life without an end is not early either.
#[tokio::test]
async fn f11_what_lives_for_ever_is_not_loaded_anew_at_once() {
    on_each(async |cache, over| {
        if over == Over::Redis || over == Over::Cluster {
            return;
        }
        let policy = Policy { early: Some(1.0), ..Policy::ttl(Duration::MAX) };
        let load = || async {
            cache.clock().advance(Duration::from_secs(10));
            Ok::<_, String>(1_u64)
        };
        cache.get_or_load("for ever", policy.clone(), load).await.expect("loaded");
        for _ in 0..100 {
            cache
                .get_or_load("for ever", policy.clone(), || async { Err::<u64, _>("loaded".to_owned()) })
                .await
                .expect("hit");
        }
    })
    .await;
}

/// An event by name counts as any other.
#[tokio::test]
async fn f07_a_value_that_was_loaded_early_has_its_tags() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        loaded(&cache, &source).await;
        source.write(8);
        eager(source.clone(), 1).await;
        eventually(|| cache.stats().background == 0).await;
        source.write(9);
        cache.emit(Event::new("early_changed").field("id", 1_u64)).await.expect("emitted");
        assert_eq!(eager(source.clone(), 1).await, 9);
        source.write(10);
        cache.invalidate_tag("early:tag").await.expect("invalidated");
        assert_eq!(eager(source.clone(), 1).await, 10);
    })
    .await;
}

#[cached(key = "early:ahead:<id>", ttl = 600, early = 0, refresh_every = 60, refresh_idle = 180)]
async fn ahead(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// Lets a minute pass, and waits for what it brings about. Where who runs ahead was still telling the store something, and
/// did not wait yet, it is the next minute that does.
async fn a_minute_later(cache: &Cache, is_so: impl Fn() -> bool) {
    for _ in 0..2 {
        Node::settle().await;
        cache.clock().advance(Duration::from_secs(60));
        for _ in 0..5_000 {
            if is_so() {
                return;
            }
            Node::settle().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    panic!("two minutes have not brought it about");
}

/// F12: period by period while it is read, and no longer.
#[tokio::test]
async fn f12_an_entry_in_use_is_loaded_ahead_of_its_readers_until_there_are_none() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        ahead(source.clone(), 1).await;
        for version in 2..5 {
            source.write(version);
            assert_eq!(ahead(source.clone(), 1).await, version - 1, "nobody waits");
            a_minute_later(&cache, || source.reads() == version as usize).await;
            eventually(|| cache.stats().flights == 0).await;
            assert_eq!(ahead(source.clone(), 1).await, version);
        }
        for _ in 0..5 {
            Node::settle().await;
            cache.clock().advance(Duration::from_secs(60));
            eventually(|| cache.stats().flights == 0).await;
        }
        eventually(|| cache.stats().background == 0).await;
        assert!(source.reads() <= 7, "twice more, and the reader's own at most: {}", source.reads());
    })
    .await;
}

/// F14: a load that fails ends nothing.
#[tokio::test]
async fn f14_a_load_ahead_that_fails_is_tried_again_in_the_next_period() {
    #[cached(key = "early:ahead_fails:<id>", ttl = 600, early = 0, refresh_every = 60)]
    async fn ahead_fails(source: Arc<Source>, id: u64) -> Result<u64, String> {
        match source.read().await {
            0 => Err("down".to_owned()),
            value => Ok(value),
        }
    }

    on_each(async |cache, _| {
        let source = Source::new(1);
        ahead_fails(source.clone(), 1).await.expect("loaded");
        for (version, expected) in [(0, 1), (3, 3)] {
            source.write(version);
            let reads = source.reads();
            a_minute_later(&cache, || source.reads() > reads).await;
            eventually(|| cache.stats().flights == 0).await;
            assert_eq!(ahead_fails(source.clone(), 1).await, Ok(expected));
        }
    })
    .await;
}

/// V06: what runs ahead does not keep the cache from ending.
#[tokio::test]
async fn v06_shutdown_does_not_wait_for_the_next_period() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        ahead(source.clone(), 1).await;
        Node::settle().await;
        assert_eq!(cache.stats().background, 1);
        cache.shutdown(Duration::from_secs(3_600)).await;
        eventually(|| cache.stats().background == 0).await;
    })
    .await;
}

#[cached(key = "early:on_two_nodes:<id>", ttl = 600, early = 0, refresh_every = 5, refresh_idle = 3_600)]
async fn on_two_nodes(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// F13: the other takes it from the store, or leaves it to the one that is at it.
#[tokio::test]
async fn f13_two_nodes_load_ahead_once_in_a_period() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        for node in [&ada, &bob] {
            node.run(on_two_nodes(source.clone(), 1)).await;
        }
        for period in 1..=3 {
            Node::settle().await;
            ada.clock().advance(Duration::from_secs(5));
            eventually(|| source.reads() == 1 + period).await;
            eventually(|| [&ada, &bob].iter().all(|node| node.cache().stats().flights == 0)).await;
        }
        let renewals = |node: &Node| node.cache().stats().renewals;
        assert_eq!((source.reads(), renewals(&ada) + renewals(&bob)), (4, 3));
    })
    .await;
}
