use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id = *ret })]
async fn found(ret: u64) -> u64 {
    ret
}

fn main() {}
