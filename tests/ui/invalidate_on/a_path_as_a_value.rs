use cache_runtime::{CacheEvent, CacheKey, cached};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[derive(CacheKey)]
struct Guild {
    id: u64,
}

#[cached(key = "guild:<guild.id>", ttl = 300, invalidate_on = [MemberUpdate(guild_id = guild.id)])]
async fn members(guild: &Guild) -> u64 {
    guild.id
}

fn main() {}
