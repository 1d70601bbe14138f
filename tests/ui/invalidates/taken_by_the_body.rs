use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id = *ret + name.len() as u64 })]
async fn rename(name: String) -> Result<u64, ()> {
    drop(name);
    Ok(42)
}

fn main() {}
