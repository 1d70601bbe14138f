use cache_runtime::Cache;

#[cache_runtime::test(worker_threads = 4)]
async fn is_cached(cache: Cache) {
    drop(cache);
}

fn main() {}
