use cache_runtime::{CacheEvent, cached};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[cached(key = "user:<user_id>", ttl = 300, invalidate_on = [MemberUpdate])]
async fn user(user_id: u64) -> u64 {
    user_id
}

fn main() {}
