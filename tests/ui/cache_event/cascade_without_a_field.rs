use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
struct GuildChanged {
    id: u64,
}

#[derive(CacheEvent)]
#[event(cascades(GuildChanged))]
struct MemberUpdate {
    guild_id: u64,
}

fn main() {}
