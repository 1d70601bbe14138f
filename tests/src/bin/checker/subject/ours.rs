//! This project's cache: a cached function, invalidated by an event, by a tag and by its key, each for a third of the rows.

use super::{Answer, Mode, Subject, Surroundings};
use crate::source::Source;
use anyhow::Context;
use cache_runtime::{Cache, CacheEvent, Consistency, L1, Policy, RedisStore, cached};

pub(super) struct Ours {
    cache: Cache,
    source: Source,
}

#[derive(CacheEvent)]
#[event(name = "row_changed")]
struct RowChanged {
    key: u32,
}

/// A life that no check outlives: it must not be time that ends an old value.
#[cached(key = "row:<key>", ttl = "1h", invalidate_on = [RowChanged], tags = ["row:<key>"])]
async fn row(source: &Source, key: u32) -> Result<u32, sqlx::Error> {
    source.load(key).await
}

impl Ours {
    pub(super) async fn new(mode: Mode, around: Surroundings) -> anyhow::Result<Self> {
        let url = around.redis.context("there is no Redis")?;
        // In every other node memory has room for half of the rows, so that the store is asked more often.
        let entries = u64::from(if around.node.is_multiple_of(2) { around.keys } else { around.keys / 2 });
        let builder = Cache::builder().namespace("checker").store(RedisStore::connect(&url).await?);
        let builder = builder.max_staleness(around.bound).l1(L1::max_entries(entries.max(1)));
        let builder = match mode {
            Mode::Eventual => builder,
            Mode::Strong => {
                builder.configure("row", Policy { consistency: Some(Consistency::Strong), ..Policy::default() })
            }
            Mode::L1Off => builder.l1(L1::off()),
        };
        let cache = builder.build().await?;
        cache.install();
        Ok(Self { cache, source: around.source })
    }
}

impl Subject for Ours {
    fn read(&self, key: u32) -> Answer<'_, u32> {
        Box::pin(async move { Ok(row(&self.source, key).await?) })
    }

    fn invalidate(&self, key: u32) -> Answer<'_, ()> {
        Box::pin(async move {
            match key % 3 {
                0 => drop(self.cache.emit(RowChanged { key }).await?),
                1 => drop(self.cache.invalidate_tag(&format!("row:{key}")).await?),
                _ => drop(row_entry(key).remove().await?),
            }
            Ok(())
        })
    }
}
