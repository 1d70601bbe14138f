//! What memory says that it holds is what it takes up, to a quarter: a bound in bytes is one. By a counting allocator, which
//! this binary has for itself.

use cache_runtime::{Cache, Clock, L1, cached};
use std::future::Future;
use std::sync::Arc;

const BOUND: u64 = 8 << 20;

#[cached(key = "weight:line:<id>", ttl = 300, invalidate_on = ["weight_changed"])]
async fn line(id: u64) -> [u64; 8] {
    [id; 8]
}

#[cached(key = "weight:shared:<id>", ttl = 300, invalidate_on = ["weight_changed"])]
async fn shared(id: u64) -> Arc<[u64; 8]> {
    Arc::new([id; 8])
}

#[cached(key = "weight:page:<id>", ttl = 300, invalidate_on = ["weight_changed"])]
async fn page(id: u64) -> String {
    "x".repeat(1_800 + id as usize % 400)
}

#[cached(key = "weight:none:<id>", ttl = 300, none_ttl = 300)]
async fn absent(id: u64) -> Option<String> {
    assert!(id < u64::MAX);
    None
}

/// More names than are kept in place, of which most are shared by all.
#[cached(
    key = "weight:tagged:<id>",
    ttl = 300,
    stale_if_error = 60,
    tags = ["weight:a", "weight:b", "weight:c", "weight:own:<id>"]
)]
async fn tagged(id: u64) -> Vec<u8> {
    vec![7; 100 + id as usize % 100]
}

/// Bytes that the entries of a cache take up, after many more came than there is room for, and what it says of that.
fn held_and_told<F: Future>(call: impl Fn(u64) -> F) -> (f64, f64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be built");
    let build = Cache::builder().clock(Clock::manual()).l1(L1::max_bytes(BOUND)).build();
    let cache = runtime.block_on(build).expect("it is coherent");
    let fill = async {
        for id in 0..60_000 {
            call(id).await;
        }
    };
    let counted = allocation_counter::measure(|| runtime.block_on(cache.clone().scope(fill)));
    let stats = cache.stats();
    assert!(stats.evictions > 1_000 && stats.l1_weight <= BOUND, "{stats:?}");
    assert!(stats.l1_weight > BOUND * 9 / 10, "{stats:?}");
    (counted.bytes_current as f64, stats.l1_weight as f64)
}

fn assert_told_to_a_quarter<F: Future>(call: impl Fn(u64) -> F) {
    let (held, told) = held_and_told(call);
    assert!((0.75..=1.25).contains(&(held / told)), "{held} bytes are held, and {told} are told");
}

/// T01: of all kinds of entries.
#[test]
fn t01_entries_weigh_what_they_take_up() {
    assert_told_to_a_quarter(line);
    assert_told_to_a_quarter(shared);
    assert_told_to_a_quarter(page);
    assert_told_to_a_quarter(absent);
    assert_told_to_a_quarter(tagged);
}
