use cache_runtime::cached;
use std::collections::HashMap;

#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
async fn users(id: u64, ids: &[u64]) -> HashMap<u64, String> {
    ids.iter().map(|one| (*one, id.to_string())).collect()
}

fn main() {}
