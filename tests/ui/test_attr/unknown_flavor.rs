use cache_runtime::Cache;

#[cache_runtime::test(flavor = "multi")]
async fn is_cached(cache: Cache) {
    drop(cache);
}

fn main() {}
