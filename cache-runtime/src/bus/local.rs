//! The bus of a store in this process.

use super::{Bus, Feed, Heard, Told};
use crate::error::StoreError;
use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::{self, error::RecvError};

/// How many messages a listener may be behind before it has to listen anew.
const MAX_BEHIND: usize = 4_096;

/// A bus in memory; clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalBus(Arc<Mutex<HashMap<String, broadcast::Sender<Heard>>>>);

impl LocalBus {
    /// Tells everybody who listens to the namespace.
    pub(crate) fn publish(&self, namespace: &str, message: Heard) {
        let mut channels = self.lock();
        // Nobody listens: they have gone, or never came.
        if channels.get(namespace).is_some_and(|channel| channel.send(message).is_err()) {
            channels.remove(namespace);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, broadcast::Sender<Heard>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bus for LocalBus {
    fn listen<'a>(&'a self, namespace: &'a str) -> Told<'a, Box<dyn Feed>> {
        let channel =
            self.lock().entry(namespace.to_owned()).or_insert_with(|| broadcast::channel(MAX_BEHIND).0).subscribe();
        Box::pin(ready(Ok(Box::new(LocalFeed(channel)) as Box<dyn Feed>)))
    }
}

struct LocalFeed(broadcast::Receiver<Heard>);

impl Feed for LocalFeed {
    fn next(&mut self) -> Told<'_, Heard> {
        Box::pin(async move {
            let lost = |cause: &str| StoreError::Unreachable { store: "memory", cause: cause.into() };
            self.0.recv().await.map_err(|error| match error {
                RecvError::Lagged(_) => lost("there were more messages than a listener may be behind"),
                RecvError::Closed => lost("the bus is closed"),
            })
        })
    }
}
