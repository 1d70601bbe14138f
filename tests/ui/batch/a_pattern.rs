use cache_runtime::cached;
use std::collections::HashMap;

struct Ids(Vec<u64>);

#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
async fn users(Ids(ids): Ids) -> HashMap<u64, String> {
    ids.iter().map(|id| (*id, id.to_string())).collect()
}

fn main() {}
