use cache_runtime::cached;

#[cached(ttl = "5x")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}

// A15
