use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
    #[event = "skip"]
    note: String,
}

fn main() {}
