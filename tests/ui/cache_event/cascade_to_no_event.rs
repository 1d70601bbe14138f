use cache_runtime::CacheEvent;

struct GuildChanged;

#[derive(CacheEvent)]
#[event(cascades(GuildChanged))]
struct MemberUpdate {
    guild_id: u64,
}

fn main() {}
