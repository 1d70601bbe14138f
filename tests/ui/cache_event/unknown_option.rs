use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
#[event(nam = "member_update")]
struct MemberUpdate {
    guild_id: u64,
}

fn main() {}
