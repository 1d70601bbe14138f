//! Regions of their own in memory: `local`.

use cache_runtime::{Cache, CacheEvent, Clock, Eviction, L1, MemoryStore, Policy, assert_hit, assert_miss, cached};
use std::time::Duration;

#[cached(key = "region:rate:<id>", ttl = 300, local(max_entries = 10, policy = "fifo"))]
async fn rate(id: u64) -> u64 {
    id
}

#[cached(key = "region:page:<id>", ttl = 300, local(max_bytes = "64KB"))]
async fn page(id: u64) -> Vec<u8> {
    vec![id as u8; 4 << 10]
}

#[derive(CacheEvent)]
struct RegionRowChanged {
    id: u64,
}

#[cached(
    key = "region:row:<id>",
    ttl = 300,
    invalidate_on = [RegionRowChanged],
    local(max_entries = 10, max_bytes = "1MB", policy = "lru")
)]
async fn row(id: u64) -> u64 {
    id
}

#[cached(key = "region:guest:<id>", ttl = 300)]
async fn guest(id: u64) -> u64 {
    id
}

async fn cache(size: L1) -> Cache {
    Cache::builder().clock(Clock::manual()).l1(size).build().await.expect("coherent")
}

#[tokio::test]
async fn a_function_with_a_region_makes_room_among_its_own() {
    let cache = cache(L1::max_entries(5)).await;
    cache
        .clone()
        .scope(async {
            for id in 0..5 {
                guest(id).await;
            }
            for id in 0..100 {
                rate(id).await;
            }
            for id in 0..5 {
                assert_hit!(guest(id));
            }
            // First in, first out: however often the oldest is asked for.
            for _ in 0..5 {
                assert_hit!(rate(90));
            }
            rate(100).await;
            assert_miss!(rate(90));
            assert_hit!(rate(100));
        })
        .await;
    assert_eq!(cache.stats().l1_entries, 15);
}

#[tokio::test]
async fn its_companions_have_the_same_region() {
    let cache = Cache::builder().clock(Clock::manual()).store(MemoryStore::new()).build().await.expect("coherent");
    cache
        .clone()
        .scope(async {
            for id in 0..10 {
                rate(id).await;
            }
            for id in 5..15 {
                rate_refresh(id).await;
            }
            for id in 15..20 {
                rate_entry(id).set(id).await.expect("stored");
                assert_eq!(rate_entry(id).get().await, Some(id));
            }
        })
        .await;
    assert_eq!(cache.stats().l1_entries, 10);
}

#[tokio::test]
async fn others_do_not_push_it_out() {
    let cache = cache(L1::max_entries(5)).await;
    cache
        .scope(async {
            rate(1).await;
            for id in 0..1_000 {
                guest(id).await;
            }
            assert_hit!(rate(1));
        })
        .await;
}

#[tokio::test]
async fn a_region_is_bounded_by_bytes_too() {
    let cache = cache(L1::default()).await;
    cache
        .clone()
        .scope(async {
            for id in 0..100 {
                page(id).await;
                let held = cache.stats();
                assert!(held.l1_weight <= 64 << 10, "{held:?}");
            }
        })
        .await;
    assert!((10..=16).contains(&cache.stats().l1_entries), "{:?}", cache.stats());
}

#[tokio::test]
async fn the_least_recently_used_goes_where_the_region_says_so() {
    let cache = cache(L1::default()).await;
    cache
        .scope(async {
            for id in 0..10 {
                row(id).await;
            }
            for id in 0..5 {
                assert_hit!(row(id));
            }
            for id in 10..15 {
                row(id).await;
            }
            for id in (0..5).chain(10..15) {
                assert_hit!(row(id));
            }
        })
        .await;
}

#[tokio::test]
async fn what_lies_in_a_region_is_invalidated_removed_and_expires_as_elsewhere() {
    let clock = Clock::manual();
    let cache = Cache::builder().clock(clock.clone()).build().await.expect("coherent");
    cache
        .clone()
        .scope(async {
            for id in 0..3 {
                row(id).await;
            }
            cache.emit(RegionRowChanged { id: 0 }).await.expect("acknowledged");
            assert_miss!(row(0));
            cache.remove("region:row:1").await.expect("acknowledged");
            assert_miss!(row(1));
            assert_hit!(row(2));
            clock.advance(Duration::from_secs(300));
            assert_eq!(cache.stats().l1_entries, 0);
            assert_miss!(row(2));
            cache.clear().await.expect("acknowledged");
            assert_miss!(row(2));
        })
        .await;
}

#[tokio::test]
async fn a_region_comes_by_configuration_and_from_the_defaults_as_well() {
    let few = |entries| Policy { local: Some(L1::max_entries(entries).policy(Eviction::Fifo)), ..Policy::default() };
    let builder = Cache::builder().clock(Clock::manual()).store(MemoryStore::new());
    let cache = builder.defaults(few(7)).configure("rate", few(3)).build().await.expect("coherent");
    cache
        .clone()
        .scope(async {
            for id in 0..20 {
                rate(id).await;
                guest(id).await;
            }
        })
        .await;
    assert_eq!(cache.stats().l1_entries, 3 + 7);
}

#[tokio::test]
async fn a_region_of_no_size_is_no_coherent_policy() {
    let nothing = Policy { local: Some(L1::off()), ..Policy::default() };
    let error = Cache::builder().defaults(nothing).build().await.expect_err("refused").to_string();
    assert!(error.contains("`local` has room for nothing"), "{error}");
}
