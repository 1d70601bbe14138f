use cache_runtime::Cache;

#[cache_runtime::test(flavor = "multi_thread", worker_threads = "2")]
async fn is_cached(cache: Cache) {
    drop(cache);
}

fn main() {}
