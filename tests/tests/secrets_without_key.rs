//! A program with secrets and no key for them: enough for memory, and not for a store that others share. A13.

use cache_runtime::{Cache, Error, MemoryStore, RedisStore, assert_hit, cached};

#[cached(key = "keyless:<token>", ttl = 60)]
async fn session(#[key(secret)] token: &str) -> usize {
    token.len()
}

#[tokio::test]
async fn a13_memory_alone_needs_no_key() {
    for cache in [
        Cache::builder().build().await.expect("memory alone"),
        Cache::builder().store(MemoryStore::new()).build().await.expect("a store in this process"),
        Cache::in_memory(),
    ] {
        let key = cache.scope(async {
            session("hunter2").await;
            assert_hit!(session("hunter2"));
            session_entry("hunter2").key().to_owned()
        });
        let key = key.await;
        assert!(key.starts_with("keyless:!") && !key.contains("hunter2"), "{key}");
    }
}

#[tokio::test]
async fn a13_a_store_that_others_share_is_refused_without_a_key() {
    let store = RedisStore::lazy("redis://localhost:1").expect("an address");
    let error = Cache::builder().store(store).build().await.expect_err("which key?");
    assert!(matches!(&error, Error::Configuration { name, .. } if name == "secret_key"), "{error}");
    let expected = "secret_key: `<token>` of `session` (tests/tests/secrets_without_key.rs:";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert!(error.to_string().ends_with("give it to `Builder::secret_key`, or in `CACHE_SECRET_KEY`"), "{error}");
}
