use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
#[event(name = "member update")]
struct MemberUpdate {
    guild_id: u64,
}

fn main() {}
