use cache_runtime::cached;

struct User {
    id: u64,
}

#[cached(ttl = 300, tiers = l1)]
async fn user(id: u64) -> User {
    User { id }
}

fn main() {}
