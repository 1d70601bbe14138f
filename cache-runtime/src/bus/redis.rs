//! The bus of a Redis server or cluster: one pub/sub connection a listener; the store's scripts publish.

mod tracked;

use super::{Bus, Feed, Heard, Told};
use crate::error::{Cause, StoreError};
use crate::stamp::Partition;
use crate::store::redis::{CONNECT_DEADLINE, NAME, Names, Route};
use futures_util::StreamExt;
use redis::aio::PubSubStream;
use redis::{RedisResult, Value};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tracked::TrackedFeed;

/// How often the server is asked whether it is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(3);

/// Tells of the steps that scripts take on a server.
pub(crate) struct RedisBus {
    pub(crate) route: Arc<Route>,
    /// Whether it tells as well of what is done to entries behind the protocol's back.
    pub(crate) tracks: bool,
}

impl Bus for RedisBus {
    fn listen<'a>(&'a self, namespace: &'a str) -> Told<'a, Box<dyn Feed>> {
        Box::pin(async move {
            if self.tracks {
                return Ok(Box::new(TrackedFeed::listen(&self.route, namespace).await?) as Box<dyn Feed>);
            }
            let partitions = (0..self.route.partitions()).map(Partition);
            let channels: HashMap<_, _> =
                partitions.map(|partition| (Names::new(namespace, partition).channel(), partition)).collect();
            let subscribed = async {
                let (mut sink, messages) = self.route.pubsub().await?.split();
                sink.subscribe(channels.keys().collect::<Vec<_>>()).await?;
                Ok((sink, messages))
            };
            let (sink, messages) = match tokio::time::timeout(CONNECT_DEADLINE, subscribed).await {
                Ok(subscribed) => subscribed.map_err(|error| self.route.error(&error))?,
                Err(_) => return Err(StoreError::Timeout { store: NAME, waited: CONNECT_DEADLINE }),
            };
            let silence = Box::pin(answers(move || {
                let mut sink = sink.clone();
                async move { sink.ping::<Value>().await }
            }));
            Ok(Box::new(RedisFeed { messages, silence, channels }) as Box<dyn Feed>)
        })
    }
}

/// One listener's connection. Its driver is the redis crate's, and ends with the stream of messages.
struct RedisFeed {
    messages: PubSubStream,
    /// Kept over the calls of `next`, which may each be shorter than a ping takes.
    silence: Pin<Box<dyn Future<Output = ()> + Send>>,
    channels: HashMap<String, Partition>,
}

impl Feed for RedisFeed {
    fn next(&mut self) -> Told<'_, Heard> {
        Box::pin(async move {
            let message = tokio::select! {
                biased;
                message = self.messages.next() => message.ok_or_else(|| lost("the connection ended"))?,
                () = self.silence.as_mut() => return Err(lost("the server does not answer any more")),
            };
            let partition = self.channels.get(message.get_channel_name()).copied();
            Ok(partition.map_or(Heard::Nonsense, |of| Heard::read(of, message.get_payload_bytes())))
        })
    }
}

/// Ends when the server does not answer a ping: a peer that vanished without a word would be listened to for ever.
async fn answers<F: Future<Output = RedisResult<Value>>>(ping: impl Fn() -> F) {
    loop {
        tokio::time::sleep(PING).await;
        if !matches!(tokio::time::timeout(PING, ping()).await, Ok(Ok(_))) {
            return;
        }
    }
}

fn lost(cause: &str) -> StoreError {
    StoreError::Unreachable { store: NAME, cause: Cause::from(format!("listening: {cause}")) }
}
