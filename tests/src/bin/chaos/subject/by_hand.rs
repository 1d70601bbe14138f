//! Cache-aside, as it is usually written: moka in front of `GET` and `SET` of redis-rs, both removed by hand after the write.
//!
//! Nodes do not hear of each other, so memory keeps an entry no longer than the bound.

use super::{Accepted, Answer, Read, Subject};
use crate::seen::{BOUND, Rows};
use moka::future::Cache;
use redis::AsyncCommands;
use redis::aio::ConnectionManager;
use std::sync::Arc;

pub(super) struct ByHand {
    memory: Cache<u64, u64>,
    redis: ConnectionManager,
}

impl ByHand {
    pub(super) async fn new(url: &str) -> anyhow::Result<Self> {
        let memory = Cache::builder().max_capacity(100_000).time_to_live(BOUND).build();
        Ok(Self { memory, redis: redis::Client::open(url)?.get_connection_manager().await? })
    }

    /// A Redis that fails is a miss.
    async fn load(&self, rows: &Rows, id: u64) -> (u64, bool) {
        let (mut redis, name) = (self.redis.clone(), name(id));
        if let Ok(Some(version)) = redis.get::<_, Option<u64>>(&name).await {
            return (version, false);
        }
        let version = rows.read(id);
        let _kept = redis.set_ex::<_, _, ()>(&name, version, 600).await;
        (version, true)
    }
}

impl Subject for ByHand {
    fn read<'a>(&'a self, rows: &'a Arc<Rows>, id: u64) -> Answer<'a, Read> {
        Box::pin(async move {
            if let Some(version) = self.memory.get(&id).await {
                return Ok(Read { version, is_load: false });
            }
            let (version, is_load) = self.load(rows, id).await;
            self.memory.insert(id, version).await;
            Ok(Read { version, is_load })
        })
    }

    fn invalidate(&self, id: u64) -> Answer<'_, Accepted> {
        Box::pin(async move {
            self.redis.clone().del::<_, ()>(name(id)).await?;
            self.memory.invalidate(&id).await;
            Ok(Accepted::Performed)
        })
    }
}

fn name(id: u64) -> String {
    format!("chaos:{id}")
}
