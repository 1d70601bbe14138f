use cache_runtime::Cache;

#[cache_runtime::test(start_paused = true)]
async fn is_cached(cache: Cache) {
    drop(cache);
}

fn main() {}
