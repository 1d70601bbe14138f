use cache_runtime::cached;

#[cached(key = "user:<id>", ttl = 300)]
async fn users() -> u64 {
    0
}

fn main() {}
