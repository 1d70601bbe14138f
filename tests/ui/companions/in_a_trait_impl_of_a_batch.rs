use cache_runtime::cached;
use std::collections::HashMap;

trait Users {
    async fn users(&self, ids: &[u64]) -> HashMap<u64, u64>;
}

struct InMemory;

impl Users for InMemory {
    #[cached(key = "user:<id>", ttl = 300, skip(self), batch(id = ids))]
    async fn users(&self, ids: &[u64]) -> HashMap<u64, u64> {
        ids.iter().map(|id| (*id, *id)).collect()
    }
}

fn main() {}
