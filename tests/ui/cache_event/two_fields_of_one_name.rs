use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
    #[event(rename = "guild_id")]
    id: u64,
}

fn main() {}
