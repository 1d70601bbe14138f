//! Hearing of what other nodes invalidate, and a heartbeat that keeps the leases of what is in use.
//!
//! One task a namespace, owned by the cache: it ends when the last handle is dropped or the cache is shut down. Nothing
//! relies on it: without a runtime to run it, a node learns of others by its own round trips, and no later than its lease.

use super::Cache;
use super::shared::{Shared, Space};
use super::wakes::Wakes;
use crate::backoff::Backoff;
use crate::bus::{Bus, Feed, Heard, Message};
use crate::key::{Id, text_id};
use crate::telemetry::Notice;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::AbortHandle;

/// How long a bus may take to let somebody listen.
const LISTEN_DEADLINE: Duration = Duration::from_secs(2);

/// After so many heartbeats in a row that found messages lost, the connection is not worth listening to.
const MAX_LOSSES: u32 = 2;

/// How long to wait before listening anew: first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// A task that is ended with its owner.
#[derive(Debug)]
pub(super) struct Listener(AbortHandle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Cache {
    /// Begins to listen for this handle's namespace, if the store tells of its steps and there is a runtime.
    pub(super) fn listen(&self) {
        let Some(bus) = self.shared.store.as_ref().and_then(|store| store.bus()) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let ears = Ears { shared: Arc::downgrade(&self.shared), space: self.space.clone() };
        self.shared.own(Listener(runtime.spawn(ears.run(bus)).abort_handle()));
    }

    pub(crate) fn heard(&self, message: &Message) {
        let Some(knowledge) = self.space.partitions.get(usize::from(message.partition.0)) else {
            self.shared.counters.messages_unread.count();
            return;
        };
        self.shared.counters.messages.count();
        self.shared.echoes.heard(&self.space, message, self.shared.clock.elapsed(), self.now_ms());
        // Most often a step of this node's own, of which nobody waits to hear.
        if knowledge.has_raised_for(message.stamp) && !self.shared.wakes.are_any() {
            return;
        }
        let names = message.names.as_deref().unwrap_or_default();
        let ids: Vec<Id> = names.iter().map(|name| text_id(&self.space.namespace, name)).collect();
        let (is_listed, lease_ms) = (message.names.is_some(), self.shared.settings.lease_ms);
        let has_gap = knowledge.hear(message.stamp, is_listed, lease_ms, |mark| {
            ids.iter().for_each(|id| self.shared.cells.raise(*id, mark));
        });
        // What was set is there for those who wait for its load.
        ids.iter().for_each(|id| self.shared.wakes.wake(*id));
        if has_gap {
            self.shared.counters.gaps.count();
        }
        if has_gap || !is_listed {
            self.shared.wakes.wake_all();
        }
    }

    /// Hears that the lease of a key was given back.
    fn heard_freed(&self, key: &str) {
        self.shared.wakes.wake(text_id(&self.space.namespace, key));
    }

    /// Asks where the partitions stand that somebody relied on since the last time; tells whether messages were lost.
    pub(crate) async fn beat(&self) -> bool {
        let Some(store) = &self.shared.store else { return false };
        let asked: Vec<_> = self.space.partitions.iter().filter(|knowledge| knowledge.needs_heartbeat()).collect();
        if asked.is_empty() {
            return false;
        }
        let now_ms = self.now_ms();
        let sent: Vec<_> = asked.iter().map(|knowledge| knowledge.depart(now_ms)).collect();
        let partitions: Vec<_> = asked.iter().map(|knowledge| knowledge.partition()).collect();
        let positions = match store.positions(&self.space.namespace, &partitions).await {
            Ok(positions) => positions,
            Err(error) => return self.store_failed("positions", &error).unwrap_or(false),
        };
        let mut has_lost = false;
        for (knowledge, sent) in asked.into_iter().zip(sent) {
            let position = positions.iter().find(|(partition, _)| *partition == knowledge.partition());
            if let Some((_, Some(stamp))) = position
                && knowledge.beat(*stamp, sent, self.shared.settings.lease_ms)
            {
                self.shared.counters.gaps.count();
                has_lost = true;
            }
        }
        if has_lost {
            self.shared.wakes.wake_all();
        }
        has_lost
    }
}

/// What the task holds on to: not the cache itself, which would never end.
struct Ears {
    shared: Weak<Shared>,
    space: Arc<Space>,
}

impl Ears {
    async fn run(self, bus: Arc<dyn Bus>) {
        let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
        loop {
            match tokio::time::timeout(LISTEN_DEADLINE, bus.listen(&self.space.namespace)).await {
                Ok(Ok(feed)) => {
                    backoff.reset();
                    if self.listen_to(feed).await.is_none() {
                        return;
                    }
                    let Some(cache) = self.cache() else { return };
                    cache.shared.counters.feeds_lost.count();
                }
                Ok(Err(error)) => {
                    let Some(cache) = self.cache() else { return };
                    cache.tell(&Notice::StoreFailed { operation: "listen", error: &error });
                }
                Err(_elapsed) => {}
            }
            // A wait of real time: the server on the other side lives by it.
            tokio::time::sleep(backoff.pause()).await;
        }
    }

    /// Until the feed breaks; none if the cache is gone.
    async fn listen_to(&self, mut feed: Box<dyn Feed>) -> Option<()> {
        let cache = self.cache()?;
        let _listening = Listening::begin(&self.space, &cache.shared.wakes);
        let (clock, interval) = (cache.shared.clock.clone(), Duration::from_millis(cache.shared.settings.lease_ms) / 4);
        drop(cache);
        let mut tick = std::pin::pin!(clock.sleep(interval));
        let mut losses = 0;
        loop {
            tokio::select! {
                heard = feed.next() => match heard {
                    Ok(Heard::Step(message)) => self.cache()?.heard(&message),
                    Ok(Heard::Freed { key }) => self.cache()?.heard_freed(&key),
                    Ok(Heard::Changed { key }) => {
                        self.cache()?.shared.cells.retire(text_id(&self.space.namespace, &key));
                    }
                    Ok(Heard::Flushed) => self.cache()?.shared.cells.retire_all(),
                    Ok(Heard::Nonsense) => self.cache()?.shared.counters.messages_unread.count(),
                    Err(error) => {
                        let cache = self.cache()?;
                        cache.tell(&Notice::StoreFailed { operation: "listen", error: &error });
                        return Some(());
                    }
                },
                () = &mut tick => {
                    losses = if self.cache()?.beat().await { losses + 1 } else { 0 };
                    if losses == MAX_LOSSES {
                        return Some(());
                    }
                    tick.set(clock.sleep(interval));
                }
            }
        }
    }

    fn cache(&self) -> Option<Cache> {
        Some(Cache { shared: self.shared.upgrade()?, space: self.space.clone() })
    }
}

/// The partitions' knowledge that messages are heard; ends with the task, whatever ends that. Whoever waits for a message
/// is woken at both ends, since one told in between is not told again.
struct Listening<'a> {
    space: &'a Space,
    wakes: Wakes,
}

impl<'a> Listening<'a> {
    fn begin(space: &'a Space, wakes: &Wakes) -> Self {
        space.set_listening(true);
        wakes.wake_all();
        Self { space, wakes: wakes.clone() }
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.space.set_listening(false);
        self.wakes.wake_all();
    }
}
