use cache_runtime::cached;

#[cached(ttl = "1m", l1_ttl = "61s")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
