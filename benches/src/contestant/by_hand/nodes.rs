//! Several processes with a memory each: moka, told by `PUBLISH`; and one load among them, by `SET NX`.

use super::connect;
use crate::case::crowds;
use crate::case::propagation;
use crate::case::stampede::load;
use crate::peer::now_ns;
use anyhow::Result;
use futures_util::StreamExt;
use moka::future::Cache;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, ExistenceCheck, SetExpiry, SetOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// moka, and a listener that removes what it is told.
pub(crate) struct Node {
    memory: moka::sync::Cache<u64, u64>,
    connection: MultiplexedConnection,
    listener: JoinHandle<()>,
}

const GUILD: u64 = 42;

impl propagation::Node for Node {
    const NAME: &'static str = "moka, told by PUBLISH";
    const PART: &'static str = "by-hand";

    async fn join(url: &str) -> Result<Self> {
        let memory: moka::sync::Cache<u64, u64> = moka::sync::Cache::new(100);
        let mut heard = redis::Client::open(url)?.get_async_pubsub().await?;
        heard.subscribe("hand:node").await?;
        let told = memory.clone();
        let listener = tokio::spawn(async move {
            heard.on_message().for_each(|_| async { told.invalidate(&GUILD) }).await;
        });
        Ok(Self { memory, connection: connect(url).await?, listener })
    }

    async fn ask(&self) -> u64 {
        self.memory.get_with(GUILD, now_ns)
    }

    async fn invalidate(&self) {
        self.memory.invalidate(&GUILD);
        self.connection.clone().publish::<_, _, ()>("hand:node", GUILD).await.expect("the server is there");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// moka in front of Redis. Who gets the lock loads, and publishes that it has; the others wait for that.
pub(crate) struct Crowd {
    memory: Cache<u64, u64>,
    connection: MultiplexedConnection,
    published: Arc<Notify>,
    listener: JoinHandle<()>,
}

impl crowds::Crowd for Crowd {
    const NAME: &'static str = "moka and redis-rs, SET NX and PUBLISH";
    const PART: &'static str = "by-hand";

    async fn join(url: &str) -> Result<Self> {
        let mut heard = redis::Client::open(url)?.get_async_pubsub().await?;
        heard.subscribe("hand:loaded").await?;
        let published = Arc::new(Notify::new());
        let tell = published.clone();
        let listener = tokio::spawn(async move {
            heard.on_message().for_each(|_| async { tell.notify_waiters() }).await;
        });
        Ok(Self { memory: Cache::new(10_000), connection: connect(url).await?, published, listener })
    }

    async fn ask(&self, key: u64) -> u64 {
        self.memory.get_with(key, self.load_across(key)).await
    }
}

impl Crowd {
    async fn load_across(&self, key: u64) -> u64 {
        let mut connection = self.connection.clone();
        let (value, lock) = (format!("hand:crowd:{key}"), format!("hand:lock:{key}"));
        let first = SetOptions::default().conditional_set(ExistenceCheck::NX).with_expiration(SetExpiry::EX(10));
        loop {
            // Before the look, or what is published in between would not be heard.
            let published = self.published.notified();
            if let Some(found) = connection.get::<_, Option<u64>>(&value).await.expect("the server is there") {
                return found;
            }
            let is_first: bool = connection.set_options(&lock, 1, first.clone()).await.expect("the server is there");
            if is_first {
                let loaded = load(key).await;
                let mut keep = redis::pipe();
                keep.set(&value, loaded).ignore().publish("hand:loaded", key).ignore();
                keep.query_async::<()>(&mut connection).await.expect("the server is there");
                return loaded;
            }
            let _or_the_lock_has_ended = timeout(Duration::from_secs(1), published).await;
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
