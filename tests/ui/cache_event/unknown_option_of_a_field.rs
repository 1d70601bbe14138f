use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
struct MemberUpdate {
    #[event(name = "guild")]
    guild_id: u64,
}

fn main() {}
