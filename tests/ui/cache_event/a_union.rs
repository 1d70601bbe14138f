use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
union MemberUpdate {
    guild_id: u64,
}

fn main() {}
