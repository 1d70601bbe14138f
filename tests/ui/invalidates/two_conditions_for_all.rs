use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id }, if true, if false)]
async fn kick(guild_id: u64) -> Result<(), String> {
    Ok(())
}

fn main() {}
