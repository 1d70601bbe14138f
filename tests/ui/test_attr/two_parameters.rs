use cache_runtime::Cache;

#[cache_runtime::test]
async fn is_cached(cache: Cache, other: Cache) {
    drop((cache, other));
}

fn main() {}
