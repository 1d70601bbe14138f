use cache_runtime::Cache;

#[cache_runtime::test]
fn is_cached(cache: Cache) {
    drop(cache);
}

fn main() {}
