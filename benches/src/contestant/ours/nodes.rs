//! Several processes: what one invalidates, and what one of them loads for all.

use super::MemberUpdate;
use super::remote::over;
use crate::case::{crowds, propagation, stampede};
use crate::peer::now_ns;
use anyhow::Result;
use cache_runtime::{Cache, L1, cached};
use std::time::Duration;

/// A node like any other.
pub(crate) struct Node(Cache);

#[cached(key = "bench:seen:<guild_id>", ttl = 3600, invalidate_on = ["member_update"])]
async fn seen(guild_id: u64) -> u64 {
    let _what_is_loaded_is_when = guild_id;
    now_ns()
}

impl propagation::Node for Node {
    const NAME: &'static str = "ours, emit";
    const PART: &'static str = "ours";

    async fn join(url: &str) -> Result<Self> {
        let cache = over(url, "propagation", L1::max_entries(100)).await?;
        until_listening(&cache).await;
        Ok(Self(cache))
    }

    async fn ask(&self) -> u64 {
        self.0.clone().scope(seen(42)).await
    }

    async fn invalidate(&self) {
        self.0.emit(MemberUpdate { guild_id: 42 }).await.expect("the server is there");
    }
}

/// One load a key in all processes together.
pub(crate) struct Crowd(Cache);

#[cached(key = "bench:crowded:<key>", ttl = 3600, lock = true)]
async fn crowded(key: u64) -> u64 {
    stampede::load(key).await
}

impl crowds::Crowd for Crowd {
    const NAME: &'static str = "ours, lock";
    const PART: &'static str = "ours";

    async fn join(url: &str) -> Result<Self> {
        let cache = over(url, "crowds", L1::default()).await?;
        until_listening(&cache).await;
        Ok(Self(cache))
    }

    async fn ask(&self, key: u64) -> u64 {
        self.0.clone().scope(crowded(key)).await
    }
}

async fn until_listening(cache: &Cache) {
    while !cache.stats().is_listening {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
