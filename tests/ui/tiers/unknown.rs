use cache_runtime::cached;

#[cached(ttl = 300, tiers = l3)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
