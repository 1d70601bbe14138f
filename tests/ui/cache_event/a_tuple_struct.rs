use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
struct MemberUpdate(u64);

fn main() {}
