use cache_runtime::{CacheEvent, cache_put};

#[derive(CacheEvent)]
struct Renamed {
    user_id: u64,
}

#[cache_put(key = "user:<id>", invalidate_on = [Renamed])]
async fn create(id: u64) -> u64 {
    id
}

fn main() {}
