use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
enum MemberUpdate {
    Joined,
    Left,
}

fn main() {}
