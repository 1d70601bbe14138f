//! Over Redis: hits with nothing in memory, and invalidations.

use super::MemberUpdate;
use crate::case::batch::Batch;
use crate::case::emit::Invalidate;
use crate::case::remote;
use crate::case::remote_fill::RemoteFill;
use crate::value::{Guild, Value};
use anyhow::Result;
use cache_runtime::{Cache, L1, RedisStore, cached};
use futures_util::StreamExt;
use std::collections::HashMap;
use std::time::Duration;

/// An entry with so many dependencies.
pub(crate) struct Remote<const DEPENDENCIES: usize>(Cache);

#[cached(key = "bench:guild:<guild_id>:members", ttl = 3600, invalidate_on = ["member_update"])]
async fn members(guild_id: u64) -> Guild {
    Value::of(guild_id)
}

#[cached(
    key = "bench:guild:<guild_id>:members-and-more",
    ttl = 3600,
    invalidate_on = ["member_update"],
    tags = ["guild:<guild_id>", "members"]
)]
async fn members_and_more(guild_id: u64) -> Guild {
    Value::of(guild_id)
}

macro_rules! remote {
    ($dependencies:literal, $name:literal, $function:ident) => {
        impl remote::Remote for Remote<$dependencies> {
            const NAME: &'static str = $name;

            async fn filled(url: &str, keys: u64) -> Result<Self> {
                let cache = over(url, concat!("remote-", $dependencies), L1::off()).await?;
                for key in 0..keys {
                    cache.clone().scope($function(key)).await;
                }
                Ok(Self(cache))
            }

            async fn fetch(&self, key: u64) -> Guild {
                self.0.clone().scope($function(key)).await
            }
        }
    };
}

remote!(1, "ours, one dependency", members);
remote!(3, "ours, three dependencies", members_and_more);

impl<const DEPENDENCIES: usize> Drop for Remote<DEPENDENCIES> {
    fn drop(&mut self) {
        let stats = self.0.stats();
        assert!(stats.loads <= stats.l2_hits, "what was measured was not hits: {stats:?}");
    }
}

/// Many entries by one call.
pub(crate) struct Batched(Cache);

#[cached(
    key = "bench:batch:<guild_id>:members",
    ttl = 3600,
    invalidate_on = ["member_update"],
    batch(guild_id = guild_ids)
)]
async fn many_members(guild_ids: &[u64]) -> HashMap<u64, Guild> {
    guild_ids.iter().map(|guild_id| (*guild_id, Value::of(*guild_id))).collect()
}

impl Batch for Batched {
    const NAME: &'static str = "ours, one dependency each";

    async fn filled(url: &str, keys: u64) -> Result<Self> {
        let cache = over(url, "batch", L1::off()).await?;
        cache.clone().scope(many_members(&(0..keys).collect::<Vec<_>>())).await;
        Ok(Self(cache))
    }

    async fn fetch(&self, keys: Vec<u64>) -> HashMap<u64, Guild> {
        self.0.clone().scope(many_members(&keys)).await
    }
}

impl Drop for Batched {
    fn drop(&mut self) {
        let stats = self.0.stats();
        assert!(stats.loads <= stats.l2_hits, "what was measured was not hits: {stats:?}");
    }
}

/// In front of a load that costs nothing.
pub(crate) struct RemoteFilled(Cache);

#[cached(key = "bench:filled-guild:<guild_id>:members", ttl = 3600, invalidate_on = ["member_update"])]
async fn filled_members(guild_id: u64) -> Guild {
    Value::of(guild_id)
}

impl RemoteFill for RemoteFilled {
    const NAME: &'static str = "ours, one dependency";

    async fn empty(url: &str) -> Result<Self> {
        over(url, "remote-fill", L1::off()).await.map(Self)
    }

    async fn call(&self, key: u64) -> Guild {
        self.0.clone().scope(filled_members(key)).await
    }
}

/// `emit` of an event that every entry is bound to.
pub(crate) struct Emitter(Cache);

#[cached(key = "bench:row:<guild_id>:<row>", ttl = 3600, invalidate_on = ["member_update"])]
async fn row(guild_id: u64, row: u64) -> u64 {
    guild_id + row
}

impl Invalidate for Emitter {
    const NAME: &'static str = "ours, emit";

    async fn with_entries(url: &str, entries: u64) -> Result<Self> {
        let cache = over(url, "emit", L1::default()).await?;
        let fills = futures_util::stream::iter(0..entries).map(|at| cache.clone().scope(row(42, at)));
        fills.buffer_unordered(64).for_each(|_| async {}).await;
        let stats = cache.stats();
        anyhow::ensure!(stats.loads == entries && stats.store_errors == 0, "they were not filled: {stats:?}");
        Ok(Self(cache))
    }

    async fn invalidate(&self) {
        self.0.emit(MemberUpdate { guild_id: 42 }).await.expect("the server is there");
    }
}

/// The deadlines are those of a loaded machine.
pub(super) async fn over(url: &str, namespace: &str, l1: L1) -> Result<Cache> {
    let patience = Duration::from_secs(10);
    let store = RedisStore::connect(url).await?.with_read_deadline(patience).with_write_deadline(patience);
    Ok(Cache::builder().namespace(namespace).l1(l1).store(store).build().await?)
}
