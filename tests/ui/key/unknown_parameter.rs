use cache_runtime::cached;

#[cached(key = "user:<ide>", ttl = 300)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}

// A02
