use cache_runtime::cached;

#[cached(ttl = "5m1h")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
