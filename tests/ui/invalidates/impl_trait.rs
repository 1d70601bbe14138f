use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id })]
async fn kick(guild_id: u64) -> impl std::fmt::Display {
    guild_id
}

fn main() {}
