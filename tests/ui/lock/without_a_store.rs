use cache_runtime::cached;

#[cached(ttl = 300, tiers = l1, lock = true)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
