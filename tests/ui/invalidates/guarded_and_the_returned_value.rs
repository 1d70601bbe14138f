use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id = *ret }, guarded)]
async fn found() -> Result<u64, cache_runtime::Error> {
    Ok(42)
}

fn main() {}
