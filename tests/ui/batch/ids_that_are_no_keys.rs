use cache_runtime::cached;
use std::collections::HashMap;

#[derive(Clone)]
struct Id(u64);

#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
async fn users(ids: &[Id]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (id.0, id.0)).collect()
}

fn main() {}
