//! The crate `cached`: a function with one load a key at a time, and its entry removed by hand after the write.

use super::{Answer, Subject, Surroundings};
use crate::source::Source;
use cached::Cached as _;
use cached::macros::cached;

pub(super) struct Cached(Source);

#[cached(key = "u32", convert = "{ key }", sync_writes = "by_key")]
async fn row(source: &Source, key: u32) -> Result<u32, sqlx::Error> {
    source.load(key).await
}

impl Cached {
    pub(super) fn new(around: Surroundings) -> Self {
        Self(around.source)
    }
}

impl Subject for Cached {
    fn read(&self, key: u32) -> Answer<'_, u32> {
        Box::pin(async move { Ok(row(&self.0, key).await?) })
    }

    fn invalidate(&self, key: u32) -> Answer<'_, ()> {
        Box::pin(async move {
            let _removed = ROW.write().await.cache_remove(&key);
            Ok(())
        })
    }
}
