use cache_runtime::cached;
use std::collections::HashMap;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Id(u64);

#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
async fn users(ids: &[Id]) -> HashMap<Id, u64> {
    ids.iter().map(|id| (id.clone(), id.0)).collect()
}

fn main() {}
