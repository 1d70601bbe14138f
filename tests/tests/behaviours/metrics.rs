//! What is counted, and for whom: U02 to U06, U11, Y02.

use cache_runtime::testing::{Node, Operation};
use cache_runtime::{Cache, Clock, FunctionStats, L1, MemoryStore, Policy, cached};
use cache_tests::{Over, Source, begin, eventually, on_each, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "metrics:row:<id>", ttl = 60, early = 0, tags = ["metrics:tag"])]
async fn metered_row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "metrics:slow:<id>", ttl = 60, early = 0)]
async fn metered_slow(clock: Clock, source: Arc<Source>, id: u64) -> Result<u64, String> {
    clock.advance(Duration::from_millis(30));
    match source.read().await {
        0 => Err("the source is down".to_owned()),
        value => Ok(value),
    }
}

#[cached(key = "metrics:stale:<id>", ttl = 10, early = 0, stale_if_error = 60)]
async fn metered_stale(source: Arc<Source>, id: u64) -> Result<u64, String> {
    match source.read().await {
        0 => Err("the source is down".to_owned()),
        value => Ok(value),
    }
}

mod left {
    #[super::cached(key = "metrics:left:<id>", ttl = 60)]
    pub(super) async fn metered_twin(id: u64) -> u64 {
        id
    }
}

mod right {
    #[super::cached(key = "metrics:right:<id>", ttl = 60)]
    pub(super) async fn metered_twin(id: u64) -> u64 {
        id
    }
}

fn of(cache: &Cache, name: &str) -> FunctionStats {
    cache.stats_of(name).unwrap_or_else(|| panic!("{name}: {:?}", cache.function_stats()))
}

#[tokio::test]
async fn u06_hits_are_counted_by_function_and_by_the_tier_that_had_the_answer() {
    on_nodes(async |[a, b]| {
        let source = Source::new(7);
        for _ in 0..3 {
            a.run(metered_row(source.clone(), 1)).await;
            b.run(metered_row(source.clone(), 1)).await;
        }
        b.run(left::metered_twin(1)).await;
        let (of_a, of_b) = (of(a.cache(), "metered_row"), of(b.cache(), "metered_row"));
        assert_eq!((of_a.l1_hits, of_a.l2_hits, of_a.misses, of_a.loads), (2, 0, 1, 1));
        assert_eq!((of_b.l1_hits, of_b.l2_hits, of_b.misses, of_b.loads), (2, 1, 0, 0));
        assert_eq!(of_a.template, "metrics:row:<id>");
        let stats = b.cache().stats();
        assert_eq!((stats.l1_hits, stats.l2_hits, stats.misses), (2, 1, 1), "the sums of all functions");
    })
    .await;
}

#[tokio::test]
async fn y02_functions_of_one_name_in_two_modules_are_counted_apart() {
    on_each(async |cache, _| {
        left::metered_twin(1).await;
        right::metered_twin(1).await;
        right::metered_twin(1).await;
        let twins: Vec<_> = cache.function_stats().into_iter().map(|of| (of.name, of.l1_hits, of.misses)).collect();
        let name = |module: &str| format!("{}::{module}::metered_twin", module_path!());
        assert_eq!(twins, [(name("left"), 0, 1), (name("right"), 1, 1)]);
    })
    .await;
}

#[tokio::test]
async fn u11_a_stale_answer_is_counted_as_stale_and_as_no_hit() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        metered_stale(source.clone(), 1).await.expect("it is up");
        cache.clock().advance(Duration::from_secs(11));
        source.write(0);
        assert_eq!(metered_stale(source.clone(), 1).await, Ok(7));
        let stats = of(&cache, "metered_stale");
        assert_eq!((stats.stale_hits, stats.l1_hits, stats.l2_hits), (1, 0, 0));
        assert_eq!((stats.loads, stats.load_errors, stats.misses), (2, 1, 2));
        assert_eq!(cache.stats().stale_hits, 1);
    })
    .await;
}

#[tokio::test]
async fn u02_what_is_refused_unreadable_and_unstorable_is_counted_for_its_function() {
    let build = Cache::builder().store(MemoryStore::new()).max_value_bytes(64).build();
    let cache = build.await.expect("coherent");
    #[cached(key = "metrics:large:<id>", ttl = 60)]
    async fn metered_large(id: u64) -> String {
        format!("{id:0200}")
    }
    cache.clone().scope(metered_large(1)).await;
    let source = Source::new(7);
    let gate = source.hold();
    let load = begin(&cache, metered_row(source.clone(), 1)).await;
    gate.reached().await;
    cache.invalidate_tag("metrics:tag").await.expect("acknowledged");
    gate.release();
    load.await.expect("served");
    assert_eq!(of(&cache, "metered_large").unstorable, 1);
    assert_eq!((of(&cache, "metered_row").fills_refused, of(&cache, "metered_row").unstorable), (1, 0));
}

#[tokio::test]
async fn u03_how_long_bodies_took_is_known_by_function_whatever_came_of_them() {
    on_each(async |cache, _| {
        let (clock, source) = (cache.clock().clone(), Source::new(7));
        metered_slow(clock.clone(), source.clone(), 1).await.expect("it is up");
        metered_slow(clock.clone(), source.clone(), 1).await.expect("it is a hit");
        source.write(0);
        metered_slow(clock.clone(), source.clone(), 2).await.expect_err("it is down");
        let took = of(&cache, "metered_slow").load_time;
        assert_eq!((took.count(), took.sum()), (2, Duration::from_millis(60)));
        assert_eq!(took.quantile(0.5), Some(Duration::from_millis(50)));
        assert_eq!(took.mean(), Some(Duration::from_millis(30)));
    })
    .await;
}

#[tokio::test]
async fn u03_how_long_calls_waited_for_anothers_load_is_known() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let gate = source.hold();
        let leader = begin(&cache, metered_row(source.clone(), 1)).await;
        gate.reached().await;
        let follower = begin(&cache, metered_row(source.clone(), 1)).await;
        Node::settle().await;
        cache.clock().advance(Duration::from_millis(400));
        gate.release();
        leader.await.expect("served");
        follower.await.expect("served");
        let stats = of(&cache, "metered_row");
        assert_eq!((stats.flights_joined, stats.misses), (1, 1));
        assert_eq!((stats.wait_time.count(), stats.wait_time.sum()), (1, Duration::from_millis(400)));
        assert_eq!(stats.load_time.sum(), Duration::from_millis(400));
    })
    .await;
}

/// The value of a sample, by its metric and some of its labels.
fn sample(cache: &Cache, metric: &str, labels: &[&str]) -> Option<f64> {
    let page = cache.metrics().to_string();
    let is_it =
        |line: &&str| line.starts_with(&format!("{metric}{{")) && labels.iter().all(|label| line.contains(label));
    page.lines().find(is_it)?.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn u03_operations_of_a_store_are_timed_by_what_they_are() {
    on_nodes(async |[a, _b]| {
        a.run(metered_row(Source::new(7), 1)).await;
        a.cache().invalidate_tag("metrics:tag").await.expect("acknowledged");
        for kind in ["read", "begin", "write", "invalidate"] {
            let label = format!("operation=\"{kind}\"");
            let count = sample(a.cache(), "cache_store_duration_seconds_count", &[&label]);
            assert!(count >= Some(1.0), "{kind}: {count:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn u03_the_delay_of_messages_is_measured_by_a_nodes_own() {
    on_nodes(async |[a, b]| {
        let delays = |node: &Node| sample(node.cache(), "cache_message_delay_seconds_count", &[]);
        assert_eq!(sample(b.cache(), "cache_last_message_age_seconds", &[]), None, "it has heard of nothing");
        a.cache().invalidate_tag("metrics:tag").await.expect("acknowledged");
        eventually(|| delays(&a) == Some(1.0)).await;
        eventually(|| sample(b.cache(), "cache_last_message_age_seconds", &[]) == Some(0.0)).await;
        assert_eq!(delays(&b), Some(0.0), "another's clock says nothing here");
        b.clock().advance(Duration::from_secs(3));
        assert_eq!(sample(b.cache(), "cache_last_message_age_seconds", &[]), Some(3.0));
    })
    .await;
}

#[tokio::test]
async fn u04_gauges_show_what_is_there_now() {
    on_nodes(async |[a, _b]| {
        a.run(metered_row(Source::new(7), 1)).await;
        let stats = a.cache().stats();
        assert_eq!(sample(a.cache(), "cache_l1_entries", &[]), Some(1.0));
        assert_eq!(sample(a.cache(), "cache_l1_weight_bytes", &[]), Some(stats.l1_weight as f64));
        assert_eq!(sample(a.cache(), "cache_listening", &[]), Some(1.0));
        assert_eq!(sample(a.cache(), "cache_breaker_state", &[]), Some(0.0));
        [Operation::Read, Operation::Begin, Operation::Commit].iter().for_each(|of| a.store().fail(*of));
        for id in 10..20 {
            a.run(metered_row(Source::new(7), id)).await;
        }
        assert_eq!(sample(a.cache(), "cache_breaker_state", &[]), Some(2.0), "open");
    })
    .await;
}

#[tokio::test]
async fn u02_entries_that_leave_memory_are_counted_for_the_function_that_filled_it() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).l1(L1::max_entries(10)).build().await.expect("coherent");
    let by_hand = async |key: String| cache.set(&key, 1_u64, Policy::ttl(Duration::from_secs(60))).await;
    for id in 0..30 {
        cache.clone().scope(left::metered_twin(id)).await;
    }
    let name = format!("{}::left::metered_twin", module_path!());
    assert_eq!(of(&cache, &name).evictions, 20);
    for id in 0..30 {
        by_hand(format!("metrics:by_hand:{id}")).await.expect("acknowledged");
    }
    assert_eq!((of(&cache, &name).evictions + of(&cache, "(by hand)").evictions, cache.stats().l1_entries), (50, 10));
    clock.advance(Duration::from_secs(100));
    assert_eq!(cache.stats().l1_entries, 0);
    let functions = cache.function_stats();
    assert_eq!(functions.iter().map(|of| of.expirations).sum::<u64>(), 10);
    assert_eq!(cache.stats().expirations, 10);
}

#[tokio::test]
async fn u05_functions_can_be_counted_together() {
    let build = Cache::builder().metrics_by(|name| name.rsplit("::").next().unwrap_or(name).to_owned()).build();
    let cache = build.await.expect("coherent");
    cache.clone().scope(left::metered_twin(1)).await;
    cache.clone().scope(right::metered_twin(1)).await;
    cache.clone().scope(right::metered_twin(1)).await;
    let stats: Vec<_> = cache.function_stats().into_iter().map(|of| (of.name, of.l1_hits, of.misses)).collect();
    assert_eq!(stats, [("metered_twin".to_owned(), 1, 2)]);
}

#[tokio::test]
async fn u05_no_key_and_no_value_is_on_the_page() {
    on_each(async |cache, over| {
        metered_row(Source::new(717_171), 919_191).await;
        cache.set("metrics:818181", 1_u64, Policy::ttl(Duration::from_secs(60))).await.expect("acknowledged");
        cache.get::<u64>("metrics:818181").await;
        let page = cache.metrics().to_string();
        assert!(!["717171", "919191", "818181"].iter().any(|text| page.contains(text)), "{page}");
        assert_eq!(page.contains("cache_store_duration_seconds_count"), over != Over::Nothing);
    })
    .await;
}
