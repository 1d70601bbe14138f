use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
#[event]
struct MemberUpdate {
    guild_id: u64,
}

fn main() {}
