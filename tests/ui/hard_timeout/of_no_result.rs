use cache_runtime::cached;

#[cached(key = "user:<id>", ttl = 300, hard_timeout = "2s")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
