//! Single flight in a process: C01 to C11, Y14, Y15.

use cache_runtime::testing::{FaultyStore, Node, Operation};
use cache_runtime::{Cache, Clock, Event, MemoryStore, Policy, Tier, cached, observe};
use cache_tests::{Over, Source, begin, on_each};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::{JoinSet, yield_now};

#[cached(key = "flights:row:<id>", ttl = 60, early = 0, invalidate_on = ["flights_row_changed"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "flights:failing:<id>", ttl = 60)]
async fn failing(source: Arc<Source>, id: u64) -> Result<u64, String> {
    match source.read().await {
        0 => Err("the source is down".to_owned()),
        value => Ok(value),
    }
}

#[tokio::test]
async fn c01_a_thousand_concurrent_misses_of_a_key_load_once() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let mut calls = JoinSet::new();
        for _ in 0..1_000 {
            calls.spawn(cache.clone().scope(row(source.clone(), 1)));
        }
        gate.reached().await;
        gate.release();
        assert!(calls.join_all().await.into_iter().all(|value| value == 7));
        assert_eq!(source.reads(), 1);
    })
    .await;
}

#[tokio::test]
async fn c02_a_shared_miss_reads_the_store_once() {
    let store = FaultyStore::new(MemoryStore::new());
    let cache = Cache::builder().store(store.clone()).build().await.expect("coherent");
    let source = Source::new(7);
    let gate = source.hold();
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        calls.spawn(cache.clone().scope(row(source.clone(), 1)));
    }
    gate.reached().await;
    gate.release();
    calls.join_all().await;
    assert_eq!(store.calls(Operation::Read), 1);
}

#[tokio::test]
async fn c03_callers_of_a_failing_source_load_one_after_the_other() {
    on_each(async |cache, _| {
        let source = Source::new(0);
        let mut calls = JoinSet::new();
        for _ in 0..60 {
            calls.spawn(cache.clone().scope(failing(source.clone(), 1)));
            yield_now().await;
        }
        assert!(calls.join_all().await.into_iter().all(|result| result.is_err()));
        assert_eq!((source.reads(), source.most_at_once()), (60, 1));
    })
    .await;
}

#[tokio::test]
async fn c04_one_waiter_takes_over_from_a_leader_that_panics_or_is_aborted() {
    #[cached(key = "flights:panics:<id>", ttl = 60)]
    async fn panics_once(source: Arc<Source>, first: &AtomicUsize, id: u64) -> u64 {
        let value = source.read().await;
        assert!(first.fetch_add(1, Ordering::SeqCst) > 0, "the first load panics");
        value
    }
    async fn owned(source: Arc<Source>, first: Arc<AtomicUsize>, id: u64) -> u64 {
        panics_once(source, &first, id).await
    }
    on_each(async |cache, _| {
        let (source, loads) = (Source::new(7), Arc::new(AtomicUsize::new(0)));
        let gate = source.hold();
        let leader = begin(&cache, owned(source.clone(), loads.clone(), 1)).await;
        gate.reached().await;
        let waiter = begin(&cache, owned(source.clone(), loads.clone(), 1)).await;
        gate.release();
        assert!(leader.await.expect_err("it panics").is_panic());
        assert_eq!(waiter.await.expect("it takes over"), 7);

        let gate = source.hold();
        let leader = begin(&cache, row(source.clone(), 2)).await;
        gate.reached().await;
        let waiter = begin(&cache, row(source.clone(), 2)).await;
        leader.abort();
        assert_eq!(waiter.await.expect("it takes over"), 7);
    })
    .await;
}

#[tokio::test]
async fn c05_a_load_whose_callers_have_all_left_is_cancelled() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let only = begin(&cache, row(source.clone(), 1)).await;
        gate.reached().await;
        only.abort();
        let _cancelled = only.await;
        assert_eq!(cache.stats().flights, 0);
        assert_eq!(row(source.clone(), 1).await, 7);
        assert_eq!(source.reads(), 2, "nothing of the first load was kept");
    })
    .await;
}

#[tokio::test]
async fn c06_a_waiter_that_gives_up_disturbs_nobody() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let leader = begin(&cache, row(source.clone(), 1)).await;
        gate.reached().await;
        let impatient = begin(&cache, row(source.clone(), 1)).await;
        let patient = begin(&cache, row(source.clone(), 1)).await;
        impatient.abort();
        gate.release();
        assert_eq!((leader.await.expect("served"), patient.await.expect("served")), (7, 7));
        assert_eq!(source.reads(), 1);
    })
    .await;
}

#[tokio::test]
async fn c07_a_cached_function_may_call_another() {
    #[cached(key = "flights:outer:<id>", ttl = 60)]
    async fn outer(source: Arc<Source>, id: u64) -> u64 {
        row(source, id).await + 1
    }
    on_each(async |_, _| {
        let source = Source::new(7);
        assert_eq!(outer(source, 1).await, 8);
    })
    .await;
}

#[tokio::test]
async fn c07_a_load_that_waits_for_itself_is_found_out_and_runs_unshared() {
    #[cached(key = "flights:self:<id>", ttl = 60, skip = [depth])]
    async fn descends(depth: u64, id: u64) -> u64 {
        match depth {
            0 => 7,
            _ => Box::pin(descends(depth - 1, id)).await,
        }
    }
    on_each(async |cache, _| {
        assert_eq!(descends(2, 1).await, 7);
        assert_eq!(cache.stats().circular_waits, 2);
    })
    .await;
}

#[tokio::test]
async fn c08_a_caller_after_an_invalidation_does_not_join_the_load_from_before() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let gate = source.hold();
        let before = begin(&cache, row(source.clone(), 1)).await;
        gate.reached().await;
        let joined = begin(&cache, row(source.clone(), 1)).await;
        source.write(2);
        cache.emit(Event::new("flights_row_changed").field("id", 1)).await.expect("acknowledged");
        assert_eq!(row(source.clone(), 1).await, 2, "a new flight");
        gate.release();
        assert_eq!(before.await.expect("served"), 1);
        assert_eq!(joined.await.expect("served"), 1, "who joined before is served by it");
        assert_eq!(row(source.clone(), 1).await, 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn c09_a_caller_that_has_waited_long_enough_loads_for_itself() {
    let cache = Cache::builder().build().await.expect("coherent");
    let source = Source::new(7);
    let policy = Policy { max_wait: Some(Duration::from_secs(1)), ..Policy::ttl(Duration::from_secs(60)) };
    let load = |source: Arc<Source>| async move { Ok::<_, String>(source.read().await) };
    let gate = source.hold();
    let (of_leader, of_policy) = (cache.clone(), policy.clone());
    let of_source = source.clone();
    let leader = tokio::spawn(async move { of_leader.get_or_load("slow", of_policy, || load(of_source)).await });
    gate.reached().await;
    let value = cache.get_or_load("slow", policy, || load(source.clone())).await;
    assert_eq!(value, Ok(7));
    assert_eq!(source.reads(), 2);
    gate.release();
    assert_eq!(leader.await.expect("it ends"), Ok(7));
}

#[tokio::test]
async fn c10_nothing_is_left_of_flights_that_have_landed() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        for id in 0..200 {
            row(source.clone(), id).await;
        }
        assert_eq!(cache.stats().flights, 0);
    })
    .await;
}

#[tokio::test]
async fn c11_however_long_a_load_takes_there_is_no_second_one() {
    for (seconds, is_kept) in [(240, true), (3_600, false)] {
        on_each(async |cache, over| {
            let source = Source::new(7);
            let gate = source.hold();
            let leader = begin(&cache, row(source.clone(), 1)).await;
            gate.reached().await;
            cache.clock().advance(Duration::from_secs(seconds));
            let waiter = begin(&cache, row(source.clone(), 1)).await;
            gate.release();
            assert_eq!((leader.await.expect("served"), waiter.await.expect("served")), (7, 7));
            assert_eq!(source.most_at_once(), 1);
            // A store by the same clock has forgotten a load of an hour: nobody can say what others did meanwhile.
            let loads = if is_kept || over != Over::Memory { 1 } else { 2 };
            assert_eq!(source.reads(), loads, "{seconds} s over {over:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn y14_waiters_of_a_dropped_leader_are_not_released_as_a_herd() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let leader = begin(&cache, row(source.clone(), 1)).await;
        gate.reached().await;
        let mut waiters = JoinSet::new();
        for _ in 0..100 {
            waiters.spawn(cache.clone().scope(row(source.clone(), 1)));
        }
        Node::settle().await;
        leader.abort();
        assert!(waiters.join_all().await.into_iter().all(|value| value == 7));
        assert_eq!(source.reads(), 2, "the dropped load and one more");
    })
    .await;
}

#[tokio::test]
async fn y15_a_warm_hit_and_other_keys_wait_for_nobody() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        assert_eq!(row(source.clone(), 0).await, 7);
        let gates: Vec<_> = (1..=200).map(|_| source.hold()).collect();
        let mut calls = JoinSet::new();
        for id in 1..=200 {
            calls.spawn(cache.clone().scope(row(source.clone(), id)));
        }
        for gate in &gates {
            gate.reached().await;
        }
        assert_eq!(source.most_at_once(), 200, "all load together");
        let (_, outcome) = observe(row(source.clone(), 0)).await;
        assert_eq!(outcome.map(|outcome| outcome.tier), Some(Tier::L1), "while a warm key answers");
        gates.iter().for_each(|gate| gate.release());
        calls.join_all().await;
    })
    .await;
}

#[tokio::test]
async fn a_shared_absence_is_given_to_those_who_wait_and_not_kept() {
    #[cached(key = "flights:absent:<id>", ttl = 60)]
    async fn absent(source: Arc<Source>, id: u64) -> Option<u64> {
        source.read().await.checked_sub(1)
    }
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock).build().await.expect("coherent");
    let source = Source::new(0);
    let gate = source.hold();
    let leader = begin(&cache, absent(source.clone(), 1)).await;
    gate.reached().await;
    let waiter = begin(&cache, absent(source.clone(), 1)).await;
    gate.release();
    assert_eq!((leader.await.expect("served"), waiter.await.expect("served")), (None, None));
    assert_eq!(source.reads(), 1);
    cache.clone().scope(absent(source.clone(), 1)).await;
    assert_eq!(source.reads(), 2);
}
