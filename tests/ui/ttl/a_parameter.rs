use cache_runtime::cached;

#[cached(ttl = seconds)]
async fn user(id: u64, seconds: u64) -> u64 {
    id + seconds
}

fn main() {}
