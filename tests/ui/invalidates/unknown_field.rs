use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild })]
async fn kick(guild: u64) -> Result<(), String> {
    Ok(())
}

fn main() {}
