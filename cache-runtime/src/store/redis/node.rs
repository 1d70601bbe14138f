//! One server and the connection to it that all operations share: made when first needed, given up when it breaks, made
//! anew by the next.

use super::connect::{Link, open, open_subscription};
use super::faults::{ends_connection, no_answer};
use super::names::Names;
use super::place::Place;
use super::subscription::Subscription;
use super::tracking::{Tracking, open_tracking};
use crate::clock::{Clock, whole_ms};
use redis::{RedisError, RedisResult};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long connecting may take, over all the operations that wait for it.
pub(crate) const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// How long operations fail at once after a failure to connect.
pub(super) const BACK_OFF_MS: u64 = 100;
/// After so many operations in a row without an answer a connection is given up.
const MAX_LATE: u32 = 5;

/// Makes and keeps the connection to one server.
pub(super) struct Node {
    place: Place,
    clock: Clock,
    state: Mutex<State>,
    /// Held while connecting. A caller that gives up leaves the attempt here, and the next one goes on with it.
    attempt: tokio::sync::Mutex<Option<Attempt>>,
}

#[derive(Default)]
struct State {
    link: Option<Arc<Link>>,
    failed: Option<(RedisError, u64)>,
}

struct Attempt {
    connecting: Pin<Box<dyn Future<Output = RedisResult<Link>> + Send>>,
    until_ms: u64,
}

impl Node {
    pub(super) fn new(place: Place) -> Self {
        Self { place, clock: Clock::system(), state: Mutex::default(), attempt: tokio::sync::Mutex::default() }
    }

    /// A connection of a listener's own, which has subscribed to channels.
    pub(super) async fn subscribe(&self, channels: &[&String]) -> RedisResult<Subscription> {
        open_subscription(&self.place.find().await?, channels).await
    }

    /// The same, of one that hears of every change of an entry.
    pub(super) async fn tracking(&self, channels: &[&String], prefixes: &[&String]) -> RedisResult<Tracking> {
        open_tracking(&self.place.find().await?, channels, prefixes).await
    }

    /// Asks on a connection, once it has adopted the partition. Dropping the future counts as an answer that did not
    /// come: that is how deadlines end it.
    pub(super) async fn ask<T, F>(
        &self,
        link: &Arc<Link>,
        names: &Names,
        count: u16,
        ask: &impl Fn(Arc<Link>) -> F,
    ) -> RedisResult<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let mut asked = Asked { node: self, link, is_answered: false };
        let answer = match link.adopt(names, count).await {
            Ok(()) => ask(link.clone()).await,
            Err(error) => Err(error),
        };
        asked.is_answered = true;
        link.late.store(0, Ordering::Relaxed);
        if answer.as_ref().is_err_and(ends_connection) {
            self.discard(link);
        }
        answer
    }

    /// The connection there is, or a new one. Dropping the future leaves the attempt to the next caller.
    pub(super) async fn link(&self) -> RedisResult<Arc<Link>> {
        match self.known() {
            Some(known) => known,
            None => Box::pin(self.connected()).await,
        }
    }

    async fn connected(&self) -> RedisResult<Arc<Link>> {
        let mut attempt = self.attempt.lock().await;
        if let Some(known) = self.known() {
            return known;
        }
        let connected = self.go_on(&mut attempt).await;
        *attempt = None;
        self.remember(connected)
    }

    /// Gives up a connection, unless another has taken its place.
    fn discard(&self, link: &Arc<Link>) {
        let mut state = self.state();
        if state.link.as_ref().is_some_and(|current| Arc::ptr_eq(current, link)) {
            state.link = None;
        }
    }

    fn known(&self) -> Option<RedisResult<Arc<Link>>> {
        let mut state = self.state();
        if state.link.as_ref().is_some_and(|link| link.has_ended()) {
            state.link = None;
        }
        if let Some(link) = &state.link {
            return Some(Ok(link.clone()));
        }
        let now_ms = self.clock.now_ms();
        state.failed.as_ref().filter(|(_, until_ms)| now_ms < *until_ms).map(|(error, _)| Err(error.clone()))
    }

    async fn go_on(&self, attempt: &mut Option<Attempt>) -> RedisResult<Link> {
        let now_ms = self.clock.now_ms();
        let current = match attempt {
            Some(attempt) if now_ms < attempt.until_ms => attempt,
            _ => attempt.insert(Attempt {
                connecting: Box::pin(connect(self.place.clone())),
                until_ms: now_ms + whole_ms(CONNECT_DEADLINE),
            }),
        };
        let left = Duration::from_millis(current.until_ms - now_ms);
        // The timer is this caller's, not the attempt's: the attempt may outlive the runtime that began it.
        match tokio::time::timeout(left, current.connecting.as_mut()).await {
            Ok(connected) => connected,
            Err(_) => Err(no_answer(CONNECT_DEADLINE)),
        }
    }

    fn remember(&self, connected: RedisResult<Link>) -> RedisResult<Arc<Link>> {
        let connected = connected.map(Arc::new);
        let until_ms = self.clock.now_ms() + BACK_OFF_MS;
        let failed = connected.as_ref().err().map(|error| (error.clone(), until_ms));
        *self.state() = State { link: connected.as_ref().ok().cloned(), failed };
        connected
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect(place: Place) -> RedisResult<Link> {
    open(&place.find().await?).await
}

/// A question on its way.
struct Asked<'a> {
    node: &'a Node,
    link: &'a Arc<Link>,
    is_answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.is_answered && self.link.late.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_LATE {
            self.node.discard(self.link);
        }
    }
}
