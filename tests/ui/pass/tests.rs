//! Tests with a cache of their own.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::Cache;

/// Of a user.
#[cache_runtime::test]
async fn with_a_cache(cache: Cache) {
    drop(cache);
}

#[cache_runtime::test]
async fn without_a_cache() -> Result<(), cache_runtime::Error> {
    Ok(())
}

#[cache_runtime::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "on purpose")]
async fn on_threads(mut cache: Cache) {
    cache = cache.clone();
    drop(cache);
    panic!("on purpose");
}

fn main() {
    let _: fn(Cache) = drop;
}
