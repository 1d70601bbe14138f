use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id } if *ret)]
async fn kick(guild_id: u64) -> Result<u64, String> {
    Ok(guild_id)
}

fn main() {}
