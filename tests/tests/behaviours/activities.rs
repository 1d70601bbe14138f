//! Hearing of all that the cache does, and which calls of a request were hits: U07, U08.

use cache_runtime::testing::FaultyStore;
use cache_runtime::{
    Activity, ActivityKind, Builder, Cache, Clock, L1, MemoryStore, Policy, Tier, cached, observe_all,
};
use cache_tests::{Source, eventually, on_each, over_redis};
use futures_util::FutureExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

#[cached(key = "activities:row:<id>", ttl = 60, early = 0, tags = ["activities:tag"])]
async fn watched_row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "activities:renewed:<id>", ttl = 10, early = 0, stale_while_revalidate = 60)]
async fn watched_renewed(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "activities:outer:<id>", ttl = 60)]
async fn watched_outer(source: Arc<Source>, id: u64) -> u64 {
    watched_row(source, id).await
}

type Heard = Arc<Mutex<Vec<(ActivityKind, String, String)>>>;

/// A cache with a watcher, and what that hears.
async fn watched(configure: impl FnOnce(Builder) -> Builder) -> (Cache, Heard) {
    let heard = Heard::default();
    let told = heard.clone();
    let watch = move |activity: &Activity<'_>| {
        let Activity { kind, function, key, .. } = *activity;
        told.lock().expect("nobody panicked with it").push((kind, function.to_owned(), key.to_owned()));
    };
    let cache = configure(Cache::builder().watch(watch)).build().await.expect("coherent");
    (cache, heard)
}

/// What was heard since the last time.
fn take(heard: &Heard) -> Vec<(ActivityKind, String, String)> {
    heard.lock().expect("nobody panicked with it").split_off(0)
}

fn activity(kind: ActivityKind, function: &str, key: &str) -> (ActivityKind, String, String) {
    (kind, function.to_owned(), key.to_owned())
}

fn minute() -> Policy {
    Policy::ttl(Duration::from_secs(60))
}

/// Over memory alone, over a store in memory, and over Redis.
async fn on_each_watched(test: impl AsyncFn(Cache, Heard, Clock)) {
    let stores = [None, Some(FaultyStore::new(MemoryStore::new())), Some(over_redis().await)];
    for store in stores {
        let clock = Clock::manual();
        let namespace = format!("activities-{}", fastrand::u64(..));
        let configure = |builder: Builder| {
            let builder = builder.clock(clock.clone()).namespace(namespace);
            match store {
                Some(store) => builder.store(store),
                None => builder,
            }
        };
        let (cache, heard) = watched(configure).await;
        test(cache, heard, clock).await;
    }
}

#[tokio::test]
async fn u07_hits_misses_and_sets_are_told_with_their_function_and_key() {
    on_each_watched(async |cache, heard, _| {
        let source = Source::new(7);
        for _ in 0..3 {
            cache.clone().scope(watched_row(source.clone(), 1)).await;
        }
        let of = |kind| activity(kind, "watched_row", "activities:row:1");
        assert_eq!(
            take(&heard),
            [of(ActivityKind::Miss), of(ActivityKind::Hit(Tier::L1)), of(ActivityKind::Hit(Tier::L1))]
        );
        cache.clone().scope(async { watched_row_entry(1).set(8).await }).await.expect("acknowledged");
        assert_eq!(take(&heard), [of(ActivityKind::Set)]);
        cache.set("activities:by_hand", 1_u64, minute()).await.expect("acknowledged");
        assert_eq!(take(&heard), [activity(ActivityKind::Set, "(by hand)", "activities:by_hand")]);
    })
    .await;
}

#[tokio::test]
async fn u07_removals_invalidations_and_clears_are_told() {
    on_each_watched(async |cache, heard, _| {
        cache.remove("activities:row:1").await.expect("acknowledged");
        cache.invalidate_tags(&["activities:tag", "activities:other"]).await.expect("acknowledged");
        cache.clear().await.expect("acknowledged");
        let expected = [
            activity(ActivityKind::Remove, "", "activities:row:1"),
            activity(ActivityKind::Invalidate(2), "", ""),
            activity(ActivityKind::Clear, "", ""),
        ];
        assert_eq!(take(&heard), expected);
    })
    .await;
}

#[tokio::test]
async fn u07_stale_answers_and_what_is_loaded_anew_behind_them_are_told() {
    on_each_watched(async |cache, heard, clock| {
        let source = Source::new(7);
        cache.clone().scope(watched_renewed(source.clone(), 1)).await;
        clock.advance(Duration::from_secs(11));
        take(&heard);
        cache.clone().scope(watched_renewed(source.clone(), 1)).await;
        eventually(|| source.reads() == 2 && cache.stats().background == 0).await;
        let of = |kind| activity(kind, "watched_renewed", "activities:renewed:1");
        assert_eq!(take(&heard), [of(ActivityKind::Stale(Tier::L1)), of(ActivityKind::Refresh)]);
    })
    .await;
}

#[tokio::test]
async fn u07_what_leaves_memory_is_told_with_the_reason() {
    let clock = Clock::manual();
    let (cache, heard) = watched(|builder| builder.clock(clock.clone()).l1(L1::max_entries(10))).await;
    for id in 0..30 {
        cache.clone().scope(watched_row(Source::new(7), id)).await;
    }
    let of = |heard: &[(ActivityKind, String, String)], kind| heard.iter().filter(|(of, ..)| *of == kind).count();
    let all = take(&heard);
    assert_eq!((of(&all, ActivityKind::Evict), of(&all, ActivityKind::Expire)), (20, 0));
    assert!(all.iter().all(|(_, function, key)| function == "watched_row" && key.starts_with("activities:row:")));
    clock.advance(Duration::from_secs(61));
    assert_eq!(cache.stats().l1_entries, 0);
    let all = take(&heard);
    assert_eq!((all.len(), of(&all, ActivityKind::Expire)), (10, 10));
}

#[tokio::test]
async fn u07_a_watcher_that_panics_affects_nothing() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let panics = move |_: &Activity<'_>| {
        counted.fetch_add(1, Ordering::Relaxed);
        panic!("as it is meant to");
    };
    // After the one that panics comes one that hears.
    let heard = Heard::default();
    let told = heard.clone();
    let hears = move |of: &Activity<'_>| told.lock().expect("free").push((of.kind, of.function.into(), of.key.into()));
    let builder = Cache::builder().l1(L1::max_entries(2)).watch(panics).watch(hears);
    let cache = builder.build().await.expect("coherent");
    let source = Source::new(7);
    for id in [1, 1, 2, 3, 4] {
        assert_eq!(cache.clone().scope(watched_row(source.clone(), id)).await, 7);
    }
    assert_eq!((source.reads(), cache.stats().l1_entries), (4, 2));
    assert_eq!(calls.load(Ordering::Relaxed), 7, "four misses, a hit and two evictions");
    assert_eq!(take(&heard).len(), 7);
}

#[tokio::test]
async fn u07_a_watcher_may_use_the_cache() {
    let its_own: Arc<OnceLock<Cache>> = Arc::default();
    let (cache_of_watcher, found) = (its_own.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = found.clone();
    let watch = move |activity: &Activity<'_>| {
        if let Some(cache) = cache_of_watcher.get().filter(|_| activity.kind == ActivityKind::Evict) {
            // It would wait for ever if anything of memory were locked.
            let last = cache.get::<u64>("activities:by_hand:last").now_or_never();
            counted.fetch_add(usize::from(last.is_some()), Ordering::Relaxed);
        }
    };
    let cache = Cache::builder().l1(L1::max_entries(2)).watch(watch).build().await.expect("coherent");
    its_own.set(cache.clone()).expect("it is set once");
    for id in 0..10 {
        cache.set(&format!("activities:by_hand:{id}"), id, minute()).await.expect("acknowledged");
    }
    assert_eq!(found.load(Ordering::Relaxed), 8);
}

#[tokio::test]
async fn u08_a_request_is_told_which_of_its_calls_were_hits() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        watched_row(source.clone(), 1).await;
        let request = async {
            watched_row(source.clone(), 1).await;
            watched_row(source.clone(), 2).await;
            cache.get::<u64>("activities:row:1").await;
        };
        let ((), answers) = observe_all(request).await;
        let told: Vec<_> = answers.iter().map(|answer| (&*answer.function, answer.outcome.tier)).collect();
        assert_eq!(told[..2], [("watched_row", Tier::L1), ("watched_row", Tier::Load)]);
        assert_eq!(answers.iter().filter(|answer| answer.outcome.is_hit()).count(), 2, "{answers:?}");
        let ((), answers) = observe_all(async {}).await;
        assert_eq!(answers, []);
    })
    .await;
}

#[tokio::test]
async fn u08_calls_in_bodies_and_in_inner_requests_are_told_as_well() {
    on_each(async |_, _| {
        let source = Source::new(7);
        let ((_, inner), all) = observe_all(observe_all(watched_outer(source.clone(), 1))).await;
        let names =
            |answers: &[cache_runtime::Answered]| answers.iter().map(|of| of.function.clone()).collect::<Vec<_>>();
        assert_eq!(names(&inner), ["watched_row", "watched_outer"]);
        assert_eq!(all, inner);
    })
    .await;
}
