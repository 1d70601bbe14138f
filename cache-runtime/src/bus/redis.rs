//! The bus of a Redis server: one pub/sub connection a listener, its scripts publish.

use super::{Bus, Feed, Heard, Message, Told};
use crate::error::StoreError;
use crate::stamp::Partition;
use crate::store::redis::{Connector, Names};
use futures_util::StreamExt;
use redis::aio::PubSub;
use std::sync::Arc;

/// Tells of the steps that scripts take on a server.
pub(crate) struct RedisBus(pub(crate) Arc<Connector>);

impl Bus for RedisBus {
    fn listen<'a>(&'a self, namespace: &'a str) -> Told<'a, Box<dyn Feed>> {
        Box::pin(async move {
            let channel = Names::new(namespace).channel();
            let subscribed = async {
                let mut connection = self.0.pubsub().await?;
                connection.subscribe(&channel).await?;
                Ok(connection)
            };
            let connection = subscribed.await.map_err(|error| self.0.error(&error))?;
            Ok(Box::new(RedisFeed { connection, partition: Partition(0) }) as Box<dyn Feed>)
        })
    }
}

struct RedisFeed {
    connection: PubSub,
    partition: Partition,
}

impl Feed for RedisFeed {
    fn next(&mut self) -> Told<'_, Heard> {
        Box::pin(async move {
            let message = self.connection.on_message().next().await;
            let ended = || StoreError::Unreachable { store: "redis", cause: "the connection to the bus ended".into() };
            let message = message.ok_or_else(ended)?;
            Ok(Message::read(self.partition, message.get_payload_bytes()).map_or(Heard::Nonsense, Heard::Step))
        })
    }
}
