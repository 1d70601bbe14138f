//! Lives: E01 to E05, E08, E09, Y11. All of them by a clock that these tests move.

use cache_runtime::{Cache, Clock, MemoryStore, Policy, Tier, assert_hit, assert_miss, cached, observe};
use cache_tests::{Over, Source, eventually_is, on_each, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "expiry:row:<id>", ttl = "900ms")]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[tokio::test]
async fn y11_a_life_below_a_second_is_kept_to_the_millisecond_in_every_tier() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        row(&source, 1).await;
        cache.clock().advance(Duration::from_millis(899));
        assert_hit!(row(&source, 1));
        cache.clock().advance(Duration::from_millis(1));
        assert_miss!(row(&source, 1));
    })
    .await;
}

#[tokio::test]
async fn e04_e05_very_long_lives_do_not_overflow() {
    on_each(async |cache, _| {
        for (key, life) in [("weeks", Duration::from_secs(60 * 86_400)), ("ages", Duration::from_secs(u64::MAX))] {
            cache.set(key, 1_u64, Policy::ttl(life)).await.expect("set");
            cache.clock().advance(Duration::from_secs(30 * 86_400));
            assert_eq!(cache.get::<u64>(key).await, Some(1), "{key}");
        }
    })
    .await;
}

#[tokio::test]
async fn e09_a_node_whose_wall_clock_is_wrong_keeps_nothing_longer_than_its_life() {
    let (right, behind) = (Clock::manual(), Clock::manual());
    right.advance(Duration::from_secs(3_600));
    let store = MemoryStore::with_clock(right.clone());
    let node = |clock: &Clock| Cache::builder().clock(clock.clone()).store(store.clone()).build();
    let (writer, reader) = (node(&right).await.expect("coherent"), node(&behind).await.expect("coherent"));
    let source = Source::new(7);
    writer.scope(row(&source, 1)).await;
    reader.clone().scope(async { assert_hit!(row(&source, 1)) }).await;
    right.advance(Duration::from_millis(900));
    behind.advance(Duration::from_millis(900));
    reader.clone().scope(async { assert_miss!(row(&source, 1)) }).await;
}

#[tokio::test]
async fn e02_memory_does_not_outlive_the_store() {
    let (clock, store) = (Clock::manual(), MemoryStore::new());
    let long = Policy::ttl(Duration::from_secs(3_600));
    let node = |policy: Policy| Cache::builder().clock(clock.clone()).store(store.clone()).defaults(policy).build();
    let first = node(Policy::default()).await.expect("coherent");
    let second = node(long.clone()).await.expect("coherent");
    first.set("k", 1_u64, Policy::ttl(Duration::from_secs(10))).await.expect("set");
    let load = || async { Ok::<u64, String>(2) };
    assert_eq!(second.get_or_load("k", long.clone(), load).await, Ok(1));
    clock.advance(Duration::from_secs(10));
    assert_eq!(second.get_or_load("k", long, load).await, Ok(2));
}

#[tokio::test]
async fn a_lower_ttl_than_an_entry_was_stored_with_holds_from_its_load_on() {
    let clock = Clock::manual();
    let memory = MemoryStore::with_clock(clock.clone());
    let node = |seconds| {
        let policy = Policy::ttl(Duration::from_secs(seconds));
        Cache::builder().clock(clock.clone()).store(memory.clone()).configure("of_two_minds", policy).build()
    };
    #[cached(key = "expiry:of-two-minds", ttl = 60)]
    async fn of_two_minds(source: Arc<Source>) -> u64 {
        source.read().await
    }
    let (long, short) = (node(3_600).await.expect("coherent"), node(60).await.expect("coherent"));
    let source = Source::new(1);
    long.scope(of_two_minds(source.clone())).await;
    source.write(2);
    clock.advance(Duration::from_secs(59));
    assert_eq!(short.clone().scope(of_two_minds(source.clone())).await, 1);
    clock.advance(Duration::from_secs(1));
    assert_eq!(short.scope(of_two_minds(source.clone())).await, 2);
}

#[cached(key = "expiry:short:<id>", ttl = 60, l1_ttl = 10)]
async fn short_in_memory(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// Who answers.
async fn tier(call: impl Future<Output = u64>) -> Option<Tier> {
    observe(call).await.1.map(|outcome| outcome.tier)
}

#[tokio::test]
async fn e01_what_has_outlived_its_life_in_memory_is_asked_for_in_the_store() {
    on_each(async |cache, over| {
        let source = Source::new(7);
        let call = || tier(short_in_memory(source.clone(), 1));
        let next = if over == Over::Nothing { Tier::Load } else { Tier::L2 };
        assert_eq!(call().await, Some(Tier::Load));
        for _ in 0..3 {
            cache.clock().advance(Duration::from_millis(9_999));
            assert_eq!(call().await, Some(Tier::L1));
            cache.clock().advance(Duration::from_millis(1));
            assert_eq!(call().await, Some(next));
        }
    })
    .await;
}

#[tokio::test]
async fn e02_a_life_in_memory_ends_with_the_entry() {
    on_each(async |cache, over| {
        let source = Source::new(7);
        let call = || tier(short_in_memory(source.clone(), 1));
        call().await;
        cache.clock().advance(Duration::from_secs(55));
        assert_eq!(call().await, Some(if over == Over::Nothing { Tier::Load } else { Tier::L2 }));
        cache.clock().advance(Duration::from_millis(4_999));
        assert_eq!(call().await, Some(Tier::L1));
        cache.clock().advance(Duration::from_millis(1));
        assert_eq!(call().await, Some(if over == Over::Nothing { Tier::L1 } else { Tier::Load }));
    })
    .await;
}

#[tokio::test]
async fn e01_a_value_that_another_node_set_has_no_longer_life_in_memory_either() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let on_b = || b.run(tier(short_in_memory(source.clone(), 1)));
        b.run(short_in_memory(source.clone(), 1)).await;
        a.clock().advance(Duration::from_secs(5));
        a.run(async { short_in_memory_entry(1).set(2).await }).await.expect("stored");
        eventually_is(async || b.run(short_in_memory(source.clone(), 1)).await == 2).await;
        a.clock().advance(Duration::from_millis(9_999));
        assert_eq!(on_b().await, Some(Tier::L1));
        a.clock().advance(Duration::from_millis(1));
        assert_eq!(on_b().await, Some(Tier::L2));
    })
    .await;
}

#[cached(key = "expiry:jittered:<id>", ttl = 100, jitter = 0.2)]
async fn jittered(id: u64) -> u64 {
    id
}

const MANY: u64 = 1_000;

/// How many of the jittered entries this cache has, which asks nobody to load them.
async fn alive(cache: &Cache) -> Vec<u64> {
    let look = async {
        let mut alive = Vec::new();
        for id in 0..MANY {
            alive.extend(jittered_entry(id).get().await);
        }
        alive
    };
    cache.clone().scope(look).await
}

#[tokio::test]
async fn e03_lives_with_jitter_are_spread_and_the_same_in_every_tier_and_on_every_node() {
    let (clock, store) = (Clock::manual(), MemoryStore::new());
    let node = || Cache::builder().clock(clock.clone()).store(store.clone()).build();
    let (first, second) = (node().await.expect("coherent"), node().await.expect("coherent"));
    let fill = async {
        for id in 0..MANY {
            jittered(id).await;
        }
    };
    first.clone().scope(fill).await;
    clock.advance(Duration::from_secs(80));
    assert_eq!(alive(&first).await.len(), MANY as usize, "nothing dies before 80 s");
    clock.advance(Duration::from_secs(10));
    let halfway = alive(&first).await;
    // Of 500, with a standard deviation of 16.
    assert!((400..600).contains(&halfway.len()), "{} are alive after 90 s", halfway.len());
    assert_eq!(alive(&second).await, halfway, "what another node finds in the store");
    clock.advance(Duration::from_secs(10));
    assert_eq!(alive(&first).await, Vec::<u64>::new(), "nothing lives longer than 100 s");
}
