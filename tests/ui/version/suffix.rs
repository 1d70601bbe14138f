use cache_runtime::cached;

#[cached(ttl = 300, version = 2beta)]
async fn order(id: u64) -> u64 {
    id
}

fn main() {}
