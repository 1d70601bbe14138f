use cache_runtime::cached;

#[cached(ttl = 300, soft_timeout = "200ms")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
