//! The crate moka: `try_get_with`, and `invalidate` by hand after the write.

use super::{Answer, Subject, Surroundings};
use crate::source::Source;
use moka::future::Cache;

pub(super) struct Moka {
    cache: Cache<u32, u32>,
    source: Source,
}

impl Moka {
    pub(super) fn new(around: Surroundings) -> Self {
        Self { cache: Cache::new(10_000), source: around.source }
    }
}

impl Subject for Moka {
    fn read(&self, key: u32) -> Answer<'_, u32> {
        Box::pin(async move { Ok(self.cache.try_get_with(key, self.source.load(key)).await?) })
    }

    fn invalidate(&self, key: u32) -> Answer<'_, ()> {
        Box::pin(async move {
            self.cache.invalidate(&key).await;
            Ok(())
        })
    }
}
