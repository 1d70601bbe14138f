use cache_runtime::cached;
use std::collections::HashMap;

#[cached(key = "user:<id>", ttl = 300, batch(id = ids), crate = serde)]
async fn users(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
