use cache_runtime::{CacheEvent, cached};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[cached(key = "guild:<guild_id>", ttl = 300, invalidate_on = [MemberUpdate(guild = guild_id)])]
async fn guild(guild_id: u64) -> u64 {
    guild_id
}

fn main() {}
