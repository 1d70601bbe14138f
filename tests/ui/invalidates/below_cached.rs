use cache_runtime::{CacheEvent, cached, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[cached(key = "kick:<guild_id>", ttl = 300)]
#[invalidates(MemberUpdate { guild_id })]
async fn kick(guild_id: u64) -> u64 {
    guild_id
}

fn main() {}
