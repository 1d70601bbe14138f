use cache_runtime::Cache;

#[cache_runtime::test]
async fn is_cached<T>(cache: Cache) {
    drop(cache);
}

fn main() {}
