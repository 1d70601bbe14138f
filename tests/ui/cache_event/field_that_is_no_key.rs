use cache_runtime::CacheEvent;

struct Guild;

#[derive(CacheEvent)]
struct MemberUpdate {
    guild: Guild,
}

fn main() {}
