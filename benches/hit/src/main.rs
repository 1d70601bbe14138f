//! Hits in memory and nothing else, for instruments: `scripts/callgrind` counts their instructions, and a profiler finds
//! nothing here but them.
//!
//!     cache-bench-hit ours|map|nothing <hits>
//!
//! The value is a number in an `Arc`, over a thousand keys in turn. `map` is a bare lock-free map, which expires and
//! invalidates nothing; `nothing` is the loop by itself.

use cache_runtime::{Cache, L1, cached};
use foldhash::fast::FixedState;
use std::hint::black_box;
use std::sync::Arc;

const KEYS: u64 = 1_000;

#[cached(key = "hit:<guild_id>", ttl = 3600, invalidate_on = ["member_update"])]
async fn number(guild_id: u64) -> Arc<u64> {
    Arc::new(guild_id)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [contestant, hits] = &arguments[..] else { panic!("usage: cache-bench-hit ours|map|nothing <hits>") };
    let keys = (0..hits.parse().expect("hits are a number")).map(|hit: u64| hit % KEYS);
    match contestant.as_str() {
        "ours" => ours(keys).await,
        "map" => map(keys),
        "nothing" => keys.for_each(|key| _ = black_box(key)),
        other => panic!("`{other}` should be ours, map or nothing"),
    }
}

async fn ours(keys: impl Iterator<Item = u64>) {
    let cache = Cache::builder().l1(L1::max_entries(KEYS * 2)).build().await.expect("it is coherent");
    cache.install();
    for key in keys {
        black_box(number(black_box(key)).await);
    }
    assert_eq!(cache.stats().loads, KEYS, "what was counted was not hits");
}

fn map(keys: impl Iterator<Item = u64>) {
    // With room for all, and a fixed seed: by chance it would have to look twice more or less often.
    let map = papaya::HashMap::builder().capacity(KEYS as usize * 2).hasher(FixedState::with_seed(1)).build();
    for key in 0..KEYS {
        map.pin().insert(key, Arc::new(key));
    }
    for key in keys {
        black_box(map.pin().get(&black_box(key)).cloned());
    }
}
