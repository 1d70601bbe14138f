use cache_runtime::{CacheEvent, invalidates};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[invalidates(MemberUpdate { guild_id })]
fn kick<'a>(guild_id: u64) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    Box::pin(async {})
}

fn main() {}
