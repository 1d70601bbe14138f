use cache_runtime::Cache;

struct MemberUpdate;

async fn kick(cache: &Cache) {
    let _ = cache.emit(MemberUpdate).await;
}

fn main() {}
