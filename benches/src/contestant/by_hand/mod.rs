//! redis-rs by hand: what people write without a cache library, and what nothing checks.

mod many;
mod nodes;

pub(crate) use many::{Joined, Mget, Pipeline};
pub(crate) use nodes::{Crowd, Node};

use crate::case::emit::Invalidate;
use crate::case::remote;
use crate::case::remote_fill::RemoteFill;
use crate::value::{Guild, Value};
use anyhow::Result;
use bincode::config::standard;
use futures_util::StreamExt;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio::task::JoinHandle;

/// `GET` and bincode.
pub(crate) struct Remote(MultiplexedConnection);

/// `INCR` of a generation and `PUBLISH` of its name, in one round trip; nobody listens.
pub(crate) struct Bump(MultiplexedConnection);

/// The same, heard by a listener in this program, as every node of a cache is one.
pub(crate) struct HeardBump {
    connection: MultiplexedConnection,
    listener: JoinHandle<()>,
}

impl remote::Remote for Remote {
    const NAME: &'static str = "redis-rs, GET and bincode";

    async fn filled(url: &str, keys: u64) -> Result<Self> {
        fill_guilds(url, keys).await.map(Self)
    }

    async fn fetch(&self, key: u64) -> Guild {
        let bytes: Vec<u8> = self.0.clone().get(name(key)).await.expect("the server is there");
        bincode::serde::decode_from_slice(&bytes, standard()).expect("it was written so").0
    }
}

/// `GET`, and `SET` of what was loaded.
pub(crate) struct RemoteFilled(MultiplexedConnection);

impl RemoteFill for RemoteFilled {
    const NAME: &'static str = "redis-rs, GET, SET and bincode";

    async fn empty(url: &str) -> Result<Self> {
        connect(url).await.map(Self)
    }

    async fn call(&self, key: u64) -> Guild {
        let (mut connection, name) = (self.0.clone(), format!("hand:filled:{key}"));
        let found: Option<Vec<u8>> = connection.get(&name).await.expect("the server is there");
        if let Some(bytes) = found {
            return bincode::serde::decode_from_slice(&bytes, standard()).expect("it was written so").0;
        }
        let loaded = Guild::of(key);
        let bytes = bincode::serde::encode_to_vec(&loaded, standard()).expect("it can be encoded");
        connection.set_ex::<_, _, ()>(name, bytes, 3_600).await.expect("the server is there");
        loaded
    }
}

impl Invalidate for Bump {
    const NAME: &'static str = "redis-rs, INCR and PUBLISH, unheard";

    async fn with_entries(url: &str, entries: u64) -> Result<Self> {
        fill(url, entries).await?;
        Ok(Self(connect(url).await?))
    }

    async fn invalidate(&self) {
        bump(self.0.clone(), "unheard").await;
    }
}

impl Invalidate for HeardBump {
    const NAME: &'static str = "redis-rs, INCR and PUBLISH, heard";

    async fn with_entries(url: &str, entries: u64) -> Result<Self> {
        fill(url, entries).await?;
        let mut heard = redis::Client::open(url)?.get_async_pubsub().await?;
        heard.subscribe("hand:heard").await?;
        let listener = tokio::spawn(async move { heard.on_message().for_each(|_| async {}).await });
        Ok(Self { connection: connect(url).await?, listener })
    }

    async fn invalidate(&self) {
        bump(self.connection.clone(), "heard").await;
    }
}

impl Drop for HeardBump {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn bump(mut connection: MultiplexedConnection, channel: &str) {
    let mut both = redis::pipe();
    both.cmd("INCR").arg("hand:generation:member_update(guild_id=42)");
    both.cmd("PUBLISH").arg(format!("hand:{channel}")).arg("member_update(guild_id=42)").ignore();
    both.query_async::<()>(&mut connection).await.expect("the server is there");
}

/// So many small keys, so that the server is as full as for the others.
async fn fill(url: &str, entries: u64) -> Result<()> {
    let mut connection = connect(url).await?;
    let keys: Vec<u64> = (0..entries).collect();
    for chunk in keys.chunks(10_000) {
        let mut set = redis::pipe();
        for key in chunk {
            set.cmd("SET").arg(format!("hand:row:{key}")).arg(key).ignore();
        }
        set.query_async::<()>(&mut connection).await?;
    }
    Ok(())
}

/// So many guilds under their names.
async fn fill_guilds(url: &str, keys: u64) -> Result<MultiplexedConnection> {
    let mut connection = connect(url).await?;
    for key in 0..keys {
        let bytes = bincode::serde::encode_to_vec(Guild::of(key), standard())?;
        connection.set_ex::<_, _, ()>(name(key), bytes, 3_600).await?;
    }
    Ok(connection)
}

async fn connect(url: &str) -> Result<MultiplexedConnection> {
    Ok(redis::Client::open(url)?.get_multiplexed_async_connection().await?)
}

fn name(key: u64) -> String {
    format!("hand:guild:{key}:members")
}
