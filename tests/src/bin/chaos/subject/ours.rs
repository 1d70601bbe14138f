//! This cache, as it comes, with its invalidations queued where Redis does not perform them.

use super::{Accepted, Answer, Read, Subject};
use crate::seen::{BOUND, Rows};
use cache_runtime::{Cache, Event, Recovery, RedisStore, Tier, cached, observe};
use std::sync::Arc;

pub(super) struct Ours(Cache);

#[cached(key = "chaos:row:<id>", ttl = 600, invalidate_on = ["chaos_changed"])]
async fn row(rows: &Rows, id: u64) -> u64 {
    rows.read(id)
}

impl Ours {
    pub(super) async fn new(url: &str) -> anyhow::Result<Self> {
        let store = RedisStore::lazy(url)?;
        let builder = Cache::builder().namespace("chaos").store(store).max_staleness(BOUND);
        Ok(Self(builder.recovery(Recovery::default()).build().await?))
    }
}

impl Subject for Ours {
    fn read<'a>(&'a self, rows: &'a Arc<Rows>, id: u64) -> Answer<'a, Read> {
        Box::pin(async move {
            let (version, answered) = self.0.clone().scope(observe(row(rows, id))).await;
            Ok(Read { version, is_load: answered.is_some_and(|answered| answered.tier == Tier::Load) })
        })
    }

    fn invalidate(&self, id: u64) -> Answer<'_, Accepted> {
        Box::pin(async move {
            let token = self.0.emit(Event::new("chaos_changed").field("id", id)).await?;
            Ok(if token.is_queued() { Accepted::Queued } else { Accepted::Performed })
        })
    }

    fn is_open(&self) -> bool {
        self.0.stats().breakers_open > 0
    }

    fn is_well(&self) -> bool {
        let stats = self.0.stats();
        stats.breakers_open == 0 && stats.is_listening && stats.invalidations_waiting == 0
    }
}
