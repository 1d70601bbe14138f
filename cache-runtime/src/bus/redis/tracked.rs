//! What comes over a connection that tracks entries: the messages of the steps, and that something was done to an entry.

use super::{heard, lost};
use crate::bus::{Feed, Heard, Told};
use crate::error::StoreError;
use crate::stamp::Partition;
use crate::store::redis::{CONNECT_DEADLINE, NAME, Names, PING, Route, Tracking};
use redis::{PushInfo, PushKind, RedisResult, Value, cmd};
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use tokio::sync::broadcast::error::RecvError;

/// One listener's connection.
pub(super) struct TrackedFeed {
    tracking: Tracking,
    silence: Pin<Box<dyn Future<Output = ()> + Send>>,
    channels: HashMap<String, Partition>,
    prefixes: Vec<String>,
    /// What was told and not given out yet.
    told: VecDeque<Heard>,
}

impl TrackedFeed {
    pub(super) async fn listen(route: &Route, namespace: &str) -> Result<Self, StoreError> {
        let names = |at| Names::new(namespace, Partition(at));
        let count = route.partitions();
        let channels: HashMap<_, _> = (0..count).map(|at| (names(at).channel(), Partition(at))).collect();
        let prefixes: Vec<_> = (0..count).map(|at| names(at).entries()).collect();
        let tracking = async {
            let channels: Vec<&String> = channels.keys().collect();
            route.tracking(&channels, &prefixes.iter().collect::<Vec<_>>()).await
        };
        let tracking = match tokio::time::timeout(CONNECT_DEADLINE, tracking).await {
            Ok(tracking) => tracking.map_err(|error| route.error(&error))?,
            Err(_) => return Err(StoreError::Timeout { store: NAME, waited: CONNECT_DEADLINE }),
        };
        let connection = tracking.connection();
        let silence = Box::pin(answers(move || {
            let mut connection = connection.clone();
            async move { cmd("PING").query_async::<Value>(&mut connection).await }
        }));
        // While nobody listened, anything may have been done.
        Ok(Self { tracking, silence, channels, prefixes, told: [Heard::Flushed].into() })
    }

    fn hear(&mut self, push: PushInfo) -> Result<(), StoreError> {
        match push.kind {
            PushKind::Message => {
                let [Value::BulkString(channel), Value::BulkString(payload)] = &push.data[..] else { return Ok(()) };
                self.told.push_back(heard(&self.channels, channel, payload));
            }
            PushKind::Invalidate => match push.data.into_iter().next() {
                Some(Value::Array(names)) => {
                    let changed: Vec<_> = names.into_iter().filter_map(|name| self.changed(name)).collect();
                    self.told.extend(changed);
                }
                // Not a list of names: all of them.
                _ => self.told.push_back(Heard::Flushed),
            },
            PushKind::Disconnection => return Err(lost("the connection ended")),
            _ => {}
        }
        Ok(())
    }

    fn changed(&self, name: Value) -> Option<Heard> {
        let Value::BulkString(name) = name else { return None };
        let name = String::from_utf8(name).ok()?;
        let key = self.prefixes.iter().find_map(|prefix| name.strip_prefix(prefix.as_str()))?;
        Some(Heard::Changed { key: key.to_owned() })
    }
}

impl Feed for TrackedFeed {
    fn next(&mut self) -> Told<'_, Heard> {
        Box::pin(async move {
            loop {
                if let Some(heard) = self.told.pop_front() {
                    return Ok(heard);
                }
                let push = tokio::select! {
                    biased;
                    push = self.tracking.pushes.recv() => push,
                    () = self.silence.as_mut() => return Err(lost("the server does not answer any more")),
                };
                match push {
                    Ok(push) => self.hear(push)?,
                    Err(RecvError::Lagged(_)) => return Err(lost("there was more than a listener may be behind")),
                    Err(RecvError::Closed) => return Err(lost("the connection ended")),
                }
            }
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
