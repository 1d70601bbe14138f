use cache_runtime::cached;
use std::collections::HashMap;

#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
async fn users(ids: &[u64]) -> HashMap<String, u64> {
    ids.iter().map(|id| (id.to_string(), *id)).collect()
}

fn main() {}
