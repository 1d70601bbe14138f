use cache_runtime::cached;

#[cached(ttl = 5m)]
async fn order(id: u64) -> u64 {
    id
}

fn main() {}
