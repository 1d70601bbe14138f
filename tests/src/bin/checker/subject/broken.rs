//! Cache-aside over a load that is always slow: what was read before a write is put back after its invalidation.

use super::{Answer, Subject, Surroundings};
use crate::source::Source;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub(super) struct Broken {
    entries: Mutex<HashMap<u32, u32>>,
    source: Source,
}

impl Broken {
    pub(super) fn new(around: Surroundings) -> Self {
        Self { entries: Mutex::default(), source: around.source }
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<u32, u32>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subject for Broken {
    fn read(&self, key: u32) -> Answer<'_, u32> {
        Box::pin(async move {
            if let Some(version) = { self.entries().get(&key).copied() } {
                return Ok(version);
            }
            let version = self.source.load(key).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            self.entries().insert(key, version);
            Ok(version)
        })
    }

    fn invalidate(&self, key: u32) -> Answer<'_, ()> {
        Box::pin(async move {
            self.entries().remove(&key);
            Ok(())
        })
    }
}
