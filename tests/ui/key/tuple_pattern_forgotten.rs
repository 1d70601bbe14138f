use cache_runtime::cached;

#[cached(key = "user:<a>", ttl = 300)]
async fn user((a, b): (u64, u64)) -> u64 {
    a + b
}

fn main() {}
