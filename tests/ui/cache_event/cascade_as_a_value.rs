use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
struct Stats {
    guild_id: u64,
}

#[derive(CacheEvent)]
#[event(cascades = Stats)]
struct Members {
    guild_id: u64,
}

fn main() {}
