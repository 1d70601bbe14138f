use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id = ret.guild_id })]
async fn found() -> Result<u64, ()> {
    Ok(42)
}

fn main() {}
