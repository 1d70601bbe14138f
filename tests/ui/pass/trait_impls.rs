//! Native `async fn` in trait implementations, which may have no companions.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;

/// Where users are.
#[allow(async_fn_in_trait)]
pub trait Users {
    /// The name of one.
    async fn name(&self, id: u64) -> Result<String, ()>;

    /// How many there are.
    async fn count() -> u64;
}

/// In memory.
pub struct InMemory {
    tenant: u64,
}

impl Users for InMemory {
    #[cached(key = "trait:<self.tenant>:<id>", ttl = 300, companions = false)]
    async fn name(&self, id: u64) -> Result<String, ()> {
        Ok(format!("user {id}"))
    }

    #[cached(key = "trait:count", ttl = 300, companions = false)]
    async fn count() -> u64 {
        1
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(InMemory { tenant: 1 }.name(1).await.as_deref(), Ok("user 1"));
    assert_eq!(InMemory::count().await, 1);
}
