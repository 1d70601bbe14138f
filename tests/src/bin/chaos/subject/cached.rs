//! The crate `cached`: its cache in Redis over a connection that is made anew, and the entry removed after the write.
//!
//! What `#[cached]`-like macros of that crate make of it returns its errors to the caller; here they are a miss, as its
//! users have to write it for themselves.

use super::{Accepted, Answer, Read, Subject};
use crate::seen::Rows;
use anyhow::anyhow;
use cached::{AsyncRedisCache, ConcurrentCachedAsync};
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Cached(AsyncRedisCache<u64, u64>);

impl Cached {
    pub(super) async fn new(url: &str) -> anyhow::Result<Self> {
        let builder = AsyncRedisCache::builder("chaos").ttl(Duration::from_secs(600)).connection_string(url);
        let built = builder.connection_manager(true).build().await;
        Ok(Self(built.map_err(|error| anyhow!("{error}"))?))
    }
}

impl Subject for Cached {
    fn read<'a>(&'a self, rows: &'a Arc<Rows>, id: u64) -> Answer<'a, Read> {
        Box::pin(async move {
            if let Ok(Some(version)) = self.0.async_cache_get(&id).await {
                return Ok(Read { version, is_load: false });
            }
            let version = rows.read(id);
            let _kept = self.0.async_cache_set(id, version).await;
            Ok(Read { version, is_load: true })
        })
    }

    fn invalidate(&self, id: u64) -> Answer<'_, Accepted> {
        Box::pin(async move {
            self.0.async_cache_remove(&id).await.map_err(|error| anyhow!("{error}"))?;
            Ok(Accepted::Performed)
        })
    }
}
