//! What is held in memory after a day: T01, T04, T05.

use cache_runtime::{Cache, Clock, L1, MemoryStore, Recovery, cached};
use std::time::Duration;

#[cached(key = "memory:row:<id>", ttl = 300, invalidate_on = ["memory_changed"], tags = ["memory:<id>"])]
async fn row(id: u64) -> Vec<u64> {
    vec![id; 16]
}

/// Pages of memory that this process has.
fn resident_pages() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0)
}

/// What there is at a moment: entries in memory, names in the store, pages.
async fn held(cache: &Cache, store: &MemoryStore) -> (u64, usize, usize) {
    // What nobody asks for is swept along with what is.
    for id in 0..100 {
        cache.clone().scope(row(id)).await;
    }
    (cache.stats().l1_entries, store.len(), resident_pages())
}

#[tokio::test]
async fn t05_a_day_of_keys_that_nobody_asks_for_twice_reaches_a_plateau() {
    let clock = Clock::manual();
    let store = MemoryStore::with_clock(clock.clone());
    let builder = Cache::builder().clock(clock.clone()).store(store.clone()).l1(L1::max_entries(2_000));
    let cache = builder.recovery(Recovery::default()).build().await.expect("coherent");
    let hours = async |from: u64, hours: u64| {
        for step in 0..hours * 240 {
            let id = 1_000_000 + (from * 240 + step) * 20;
            for id in id..id + 20 {
                cache.clone().scope(row(id)).await;
            }
            cache.invalidate_tag(&format!("memory:{id}")).await.expect("acknowledged");
            clock.advance(Duration::from_secs(15));
        }
    };
    hours(0, 4).await;
    let early = held(&cache, &store).await;
    hours(4, 20).await;
    let late = held(&cache, &store).await;
    assert!(late.0 <= 2_000 && cache.stats().flights == 0, "{:?}", cache.stats());
    assert!(late.1 <= early.1 * 3 / 2, "the store: {early:?}, and after the day {late:?}");
    assert!(late.2 <= early.2 * 3 / 2, "this process: {early:?}, and after the day {late:?}");
}

#[tokio::test]
async fn t01_memory_stays_within_its_weight() {
    let limit = 1 << 20;
    let cache = Cache::builder().clock(Clock::manual()).l1(L1::max_bytes(limit)).build().await.expect("coherent");
    for id in 0..20_000 {
        cache.clone().scope(row(id)).await;
        if id % 1_000 == 0 {
            assert!(cache.stats().l1_weight <= limit, "{:?}", cache.stats());
        }
    }
    assert!(cache.stats().l1_weight <= limit && cache.stats().l1_entries > 100, "{:?}", cache.stats());
}
