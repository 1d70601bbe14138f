use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id = ret.len() })]
async fn found() -> Result<String, ()> {
    Ok(String::new())
}

fn main() {}
