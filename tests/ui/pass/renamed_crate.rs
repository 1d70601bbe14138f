//! The runtime under another name: Y06.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

/// As `package = \"cache-runtime\"` would name it.
pub mod platform {
    pub use cache_runtime as caching;
}

use platform::caching::{CacheEvent, CacheKey, cached};

/// Of a user.
#[derive(CacheKey)]
#[key(crate = crate::platform::caching)]
pub struct Id(u64);

#[derive(CacheEvent)]
#[event(crate = crate::platform::caching, name = "user_update")]
struct UserUpdate {
    id: u64,
}

#[cached(key = "user:<id>", ttl = 300, invalidate_on = [UserUpdate], crate = crate::platform::caching)]
async fn user(id: Id) -> Option<u64> {
    Some(id.0)
}

#[cached(ttl = 300, crate = "platform::caching")]
async fn as_serde_writes_it(id: u64) -> u64 {
    id
}

#[platform::caching::test(crate = crate::platform::caching)]
async fn tested(cache: platform::caching::Cache) {
    drop(cache);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(user(Id(1)).await, Some(1));
    assert_eq!(as_serde_writes_it(1).await, 1);
    let _ = platform::caching::Event::from(UserUpdate { id: 1 });
}
