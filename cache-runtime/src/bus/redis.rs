//! The bus of a Redis server or cluster: one pub/sub connection a listener; the store's scripts publish.

mod tracked;

use super::{Bus, Feed, Heard, Told};
use crate::error::{Cause, StoreError};
use crate::stamp::Partition;
use crate::store::redis::{CONNECT_DEADLINE, NAME, Names, Route, Subscription};
use std::collections::HashMap;
use std::sync::Arc;
use tracked::TrackedFeed;

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
            let names: Vec<_> = channels.keys().collect();
            let subscription = match tokio::time::timeout(CONNECT_DEADLINE, self.route.subscribe(&names)).await {
                Ok(subscribed) => subscribed.map_err(|error| self.route.error(&error))?,
                Err(_) => return Err(StoreError::Timeout { store: NAME, waited: CONNECT_DEADLINE }),
            };
            Ok(Box::new(RedisFeed { subscription, channels }) as Box<dyn Feed>)
        })
    }
}

/// One listener's connection.
struct RedisFeed {
    subscription: Subscription,
    channels: HashMap<String, Partition>,
}

impl Feed for RedisFeed {
    fn next(&mut self) -> Told<'_, Heard> {
        Box::pin(async move {
            let channels = &self.channels;
            let next = self.subscription.next(|channel, payload| heard(channels, channel, payload));
            next.await.map_err(|error| lost(&error.to_string()))
        })
    }
}

/// What was published on one of these channels.
fn heard(channels: &HashMap<String, Partition>, channel: &[u8], payload: &[u8]) -> Heard {
    let partition = std::str::from_utf8(channel).ok().and_then(|channel| channels.get(channel));
    partition.map_or(Heard::Nonsense, |of| Heard::read(*of, payload))
}

fn lost(cause: &str) -> StoreError {
    StoreError::Unreachable { store: NAME, cause: Cause::from(format!("listening: {cause}")) }
}
