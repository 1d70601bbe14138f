use cache_runtime::cached;
use std::collections::HashMap;

struct User(u64);

#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
async fn users(ids: &[u64]) -> HashMap<u64, User> {
    ids.iter().map(|id| (*id, User(*id))).collect()
}

fn main() {}
