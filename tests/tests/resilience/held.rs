//! What memory keeps and lets go: T02, T03, T06, T07.

use cache_runtime::{Cache, Clock, Eviction, L1, Policy, assert_hit, assert_miss, cached};
use cache_tests::eventually;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

async fn cache(l1: L1) -> Cache {
    Cache::builder().clock(Clock::manual()).l1(l1).build().await.expect("coherent")
}

#[cached(key = "held:blob:<id>:<len>", ttl = 60)]
async fn blob(id: u64, len: usize) -> Vec<u8> {
    vec![id as u8; len]
}

#[tokio::test]
async fn t02_an_entry_larger_than_memory_is_served_and_not_kept_and_ends_no_other() {
    let cache = cache(L1::max_bytes(64 << 10)).await;
    let test = async {
        for id in 0..10 {
            blob(id, 1 << 10).await;
        }
        assert_eq!(blob(99, 128 << 10).await.len(), 128 << 10);
        assert!(cache.stats().l1_weight <= 64 << 10, "{:?}", cache.stats());
        assert_miss!(blob(99, 128 << 10));
        for id in 0..10 {
            assert_hit!(blob(id, 1 << 10));
        }
    };
    cache.clone().scope(test).await;
}

static ALIVE: AtomicU64 = AtomicU64::new(0);

/// A value that is counted for as long as anybody has it.
struct Counted;

impl Counted {
    fn new() -> Self {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cached(key = "held:counted:<id>", ttl = 60, tiers = l1)]
async fn counted(id: u64) -> Arc<Counted> {
    let _ = id;
    Arc::new(Counted::new())
}

/// Readers that are on their way may hold up what they could still see; so it is by and by, and all of it.
#[tokio::test]
async fn t03_what_is_evicted_removed_or_cleared_away_with_its_cache_is_dropped() {
    let cache = cache(L1::max_entries(100)).await;
    for id in 0..5_000 {
        cache.clone().scope(counted(id)).await;
    }
    eventually(|| cache.stats().l1_entries <= 100 && ALIVE.load(Ordering::SeqCst) <= 300).await;
    assert!(cache.stats().evictions >= 4_900, "{:?}", cache.stats());
    drop(cache);
    eventually(|| ALIVE.load(Ordering::SeqCst) <= 200).await;
}

#[tokio::test]
async fn t06_an_entry_that_goes_is_counted_by_the_reason() {
    let cache = Cache::builder().l1(L1::max_entries(10)).build().await.expect("coherent");
    for id in 0..50 {
        cache.set(&format!("room:{id}"), id, Policy::ttl(Duration::from_secs(60))).await.expect("there is no store");
    }
    let size = cache.stats();
    assert!(size.l1_entries <= 10 && cache.stats().evictions >= 40, "{size:?}");
    assert_eq!(cache.stats().expirations, 0, "nothing is over yet");
    let evicted = cache.stats().evictions;
    let kept = (0..50).map(|id| format!("room:{id}"));
    for key in kept {
        cache.remove(&key).await.expect("there is no store");
    }
    assert_eq!((cache.stats().evictions, cache.stats().expirations), (evicted, 0), "what is removed is neither");
    cache.set("time", 1_u64, Policy::ttl(Duration::from_millis(20))).await.expect("there is no store");
    eventually(|| cache.stats().l1_entries == 0).await;
    assert_eq!((cache.stats().evictions, cache.stats().expirations), (evicted, 1), "its time was up");
}

#[cached(key = "held:page:<id>", ttl = 600)]
async fn page(id: u64) -> u64 {
    id
}

/// How many of fifty pages that everybody reads are in memory after a scan of two hundred that nobody reads again, for
/// which memory has no room. There were scans before, between which they were read.
async fn survivors(eviction: Eviction) -> u64 {
    let cache = cache(L1::max_entries(80).policy(eviction)).await;
    let test = async {
        for scan in 1..=5 {
            for _ in 0..20 {
                for id in 0..50 {
                    page(id).await;
                }
            }
            for id in 0..200 {
                page(scan * 1_000 + id).await;
            }
        }
        // What is due is evicted before this is counted.
        let loads = cache.stats().loads;
        for id in 0..50 {
            page(id).await;
        }
        50 - (cache.stats().loads - loads)
    };
    cache.clone().scope(test).await
}

#[tokio::test]
async fn t07_a_scan_does_not_drive_out_what_everybody_reads_unless_lru_is_asked_for() {
    let (kept, by_lru) = (survivors(Eviction::S3Fifo).await, survivors(Eviction::Lru).await);
    assert!(kept >= 40, "{kept} of 50 outlive the scan");
    assert_eq!(by_lru, 0, "and none by recency alone");
}
