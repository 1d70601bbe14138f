//! Cached functions in the bodies of functions, cached ones too, two of one name.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, cached};
use std::sync::atomic::{AtomicU64, Ordering};

async fn outer(id: u64) -> u64 {
    #[cached(key = "inside:outer:<id>", ttl = 300)]
    async fn inner(id: u64) -> u64 {
        id + 1
    }
    inner(id).await + inner_entry(id).get().await.unwrap_or(0)
}

async fn other(id: u64) -> u64 {
    #[cached(ttl = 300)]
    async fn inner(id: u64) -> u64 {
        id + 2
    }
    {
        #[cached(key = "inside:block:<id>", ttl = 300)]
        async fn in_a_block(id: u64) -> u64 {
            id
        }
        inner(id).await + in_a_block(id).await
    }
}

#[cached(key = "inside:cached:<id>", ttl = 300)]
async fn cached_outer(id: u64) -> u64 {
    #[cached(key = "inside:cached:inner:<id>", ttl = 300)]
    async fn inner(id: u64) -> u64 {
        id + 3
    }
    inner(id).await
}

#[cached(key = "inside:calls:<id>", ttl = 300)]
async fn calls(id: u64) -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    const ONE: u64 = 1;
    fn add(id: u64) -> u64 {
        id + CALLS.fetch_add(ONE, Ordering::Relaxed)
    }
    add(id)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), cache_runtime::Error> {
    // Says whether the functions of the program contradict each other.
    Cache::builder().build().await?.install();
    assert_eq!(outer(1).await, 4);
    assert_eq!(other(1).await, 4);
    assert_eq!(cached_outer(1).await, 4);
    assert_eq!(cached_outer_refresh(1).await, 4);
    assert_eq!(cached_outer_uncached(1).await, 4);
    assert_eq!(calls(1).await, calls(1).await);
    Ok(())
}
