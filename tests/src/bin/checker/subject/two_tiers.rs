//! Cache-aside, as it is usually written: moka in front of `GET` and `SET`, both invalidated by hand after the write.
//!
//! Nodes do not hear of each other, so memory keeps an entry no longer than the bound, and Redis ten times as long.

use super::{Answer, Subject, Surroundings};
use crate::source::Source;
use anyhow::Context;
use moka::future::Cache;
use redis::AsyncCommands;
use redis::aio::ConnectionManager;
use std::time::Duration;

pub(super) struct TwoTiers {
    memory: Cache<u32, u32>,
    redis: ConnectionManager,
    redis_ttl: Duration,
    source: Source,
}

impl TwoTiers {
    pub(super) async fn new(around: Surroundings) -> anyhow::Result<Self> {
        let url = around.redis.context("there is no Redis")?;
        let memory = Cache::builder().max_capacity(10_000).time_to_live(around.bound).build();
        let redis = redis::Client::open(url)?.get_connection_manager().await?;
        Ok(Self { memory, redis, redis_ttl: around.bound * 10, source: around.source })
    }

    /// A Redis that fails is a miss.
    async fn load(&self, key: u32) -> anyhow::Result<u32> {
        let (mut redis, name) = (self.redis.clone(), name(key));
        if let Ok(Some(version)) = redis.get::<_, Option<u32>>(&name).await {
            return Ok(version);
        }
        let version = self.source.load(key).await?;
        let ttl_ms = u64::try_from(self.redis_ttl.as_millis())?;
        let _ = redis.pset_ex::<_, _, ()>(&name, version, ttl_ms).await;
        Ok(version)
    }
}

impl Subject for TwoTiers {
    fn read(&self, key: u32) -> Answer<'_, u32> {
        let load = async move { self.memory.try_get_with(key, self.load(key)).await };
        Box::pin(async move { load.await.map_err(|error| anyhow::anyhow!("{error:#}")) })
    }

    fn invalidate(&self, key: u32) -> Answer<'_, ()> {
        Box::pin(async move {
            self.redis.clone().del::<_, ()>(name(key)).await?;
            self.memory.invalidate(&key).await;
            Ok(())
        })
    }
}

fn name(key: u32) -> String {
    format!("aside:{key}")
}
