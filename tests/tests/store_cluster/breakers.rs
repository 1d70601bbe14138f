//! P01 on a cluster: each node has a breaker of its own, so that one that is away costs its own keys and no others.

use super::*;
use cache_runtime::{Cache, L1, Policy, Tier, observe};

/// Keys by hand depend on nothing but themselves and the name of their own, which the test looks up.
fn keys_of(cluster: &RedisCluster, port: u16, wanted: bool) -> Vec<String> {
    let slots = cluster.slots_of(port);
    let is_there = |key: &String| {
        let of_key = Key::new("test", key.clone(), 256);
        let slot = cluster.slot(&format!("{{p{}}}", of_key.partition(256).0));
        slots.iter().any(|range| range.contains(&slot)) == wanted
    };
    (0..).map(|at| format!("k{at}")).filter(is_there).take(8).collect()
}

#[test]
fn p01_a_node_that_freezes_opens_its_own_breaker_and_the_keys_of_the_others_still_hit() {
    let cluster = RedisCluster::start();
    run(async {
        let frozen = cluster.owner("{p0}").port();
        let (away, there) = (keys_of(&cluster, frozen, true), keys_of(&cluster, frozen, false));
        let builder = Cache::builder().namespace("test").l1(L1::off()).store(unhurried(&cluster.url()));
        let cache = builder.build().await.expect("coherent");
        let policy = || Policy::ttl(Duration::from_secs(600));
        let get = async |key: &str| {
            let load = || async { Ok::<_, std::convert::Infallible>(key.to_owned()) };
            let (value, outcome) = observe(cache.get_or_load(key, policy(), load)).await;
            assert_eq!(value.as_deref(), Ok(key), "whatever the store does");
            outcome.map(|outcome| outcome.tier)
        };
        for key in away.iter().chain(&there) {
            at_last(async || cache.set(key, key.clone(), policy()).await.map_err(|_| timeout())).await;
            assert_eq!(get(key).await, Some(Tier::L2));
        }
        cluster.at(frozen).pause();
        let began = Instant::now();
        while cache.stats().breakers_open == 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "{:?}", cache.stats());
            futures_util::future::join_all(away.iter().map(|key| get(key))).await;
        }
        for key in &there {
            assert_eq!(get(key).await, Some(Tier::L2), "{key} is on a node that is well");
        }
        assert_eq!(cache.stats().breakers_open, 1, "one of three");
        assert_eq!(get(&away[0]).await, Some(Tier::Load));
        cluster.at(frozen).resume();
        let began = Instant::now();
        while get(&away[0]).await != Some(Tier::L2) || cache.stats().breakers_open > 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "{:?}", cache.stats());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

/// A store that a busy machine does not hurry much.
fn unhurried(url: &str) -> RedisStore {
    hurried(url).with_read_deadline(Duration::from_secs(2)).with_write_deadline(Duration::from_secs(2))
}

fn timeout() -> StoreError {
    StoreError::Timeout { store: "test", waited: Duration::ZERO }
}

/// One that was replaced is asked nothing any more: its breaker would never close, and does not count.
#[test]
fn the_breaker_of_a_node_that_was_replaced_is_forgotten() {
    let cluster = RedisCluster::start_brittle();
    run(async {
        let frozen = cluster.owner("{p0}").port();
        let away = keys_of(&cluster, frozen, true);
        let builder = Cache::builder().namespace("test").l1(L1::off()).store(hurried(&cluster.url()));
        let cache = builder.build().await.expect("coherent");
        let call = async |key: &str| {
            let load = || async { Ok::<_, std::convert::Infallible>(1_u64) };
            assert_eq!(cache.get_or_load(key, Policy::ttl(Duration::from_secs(600)), load).await, Ok(1));
        };
        call(&away[0]).await;
        cluster.at(frozen).pause();
        let began = Instant::now();
        while cache.stats().breakers_open == 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "{:?}", cache.stats());
            futures_util::future::join_all(away.iter().map(|key| call(key))).await;
        }
        while cache.stats().breakers_open > 0 {
            assert!(began.elapsed() < Duration::from_secs(120), "{:?}", cache.stats());
            futures_util::future::join_all(away.iter().map(|key| call(key))).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
}
