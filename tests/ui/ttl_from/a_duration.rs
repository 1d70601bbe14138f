use cache_runtime::cached;

#[cached(ttl = 60, ttl_from = 30)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
