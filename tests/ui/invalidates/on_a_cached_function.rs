use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id })]
#[cache_runtime::cached(key = "kick:<guild_id>", ttl = 300)]
async fn kick(guild_id: u64) -> u64 {
    guild_id
}

fn main() {}
