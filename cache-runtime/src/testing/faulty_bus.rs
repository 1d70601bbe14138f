//! The bus of a faulty store: it loses, breaks and makes up messages on request.

use crate::bus::{Bus, Feed, Heard, Message, Told};
use crate::error::StoreError;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What is to happen to the messages of one listener's connection.
#[derive(Clone, Default)]
pub(super) struct BusFaults(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    loses: bool,
    refuses: bool,
    lost: Vec<Message>,
    made_up: VecDeque<Heard>,
    /// Feeds of an earlier number are broken.
    broken: usize,
}

impl BusFaults {
    pub(super) fn lose(&self, loses: bool) {
        self.lock().loses = loses;
    }

    pub(super) fn take_lost(&self) -> Vec<Message> {
        std::mem::take(&mut self.lock().lost)
    }

    pub(super) fn say(&self, heard: Heard) {
        self.lock().made_up.push_back(heard);
        self.0.changed.notify_waiters();
    }

    pub(super) fn refuse(&self, refuses: bool) {
        let mut state = self.lock();
        state.refuses = refuses;
        state.broken += 1;
        drop(state);
        self.0.changed.notify_waiters();
    }

    pub(super) fn bus(&self, inner: Arc<dyn Bus>) -> Arc<dyn Bus> {
        Arc::new(FaultyBus { inner, faults: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct FaultyBus {
    inner: Arc<dyn Bus>,
    faults: BusFaults,
}

fn broken() -> StoreError {
    StoreError::Unreachable { store: "faulty", cause: "it was told to break".into() }
}

impl Bus for FaultyBus {
    fn listen<'a>(&'a self, namespace: &'a str) -> Told<'a, Box<dyn Feed>> {
        Box::pin(async move {
            let number = {
                let state = self.faults.lock();
                if state.refuses {
                    return Err(broken());
                }
                state.broken
            };
            let inner = self.inner.listen(namespace).await?;
            Ok(Box::new(FaultyFeed { inner, faults: self.faults.clone(), number }) as Box<dyn Feed>)
        })
    }
}

struct FaultyFeed {
    inner: Box<dyn Feed>,
    faults: BusFaults,
    number: usize,
}

impl Feed for FaultyFeed {
    fn next(&mut self) -> Told<'_, Heard> {
        Box::pin(async move {
            loop {
                let changed = self.faults.0.changed.notified();
                {
                    let mut state = self.faults.lock();
                    if state.broken > self.number {
                        return Err(broken());
                    }
                    if let Some(heard) = state.made_up.pop_front() {
                        return Ok(heard);
                    }
                }
                let heard = tokio::select! {
                    heard = self.inner.next() => heard?,
                    () = changed => continue,
                };
                let mut state = self.faults.lock();
                match heard {
                    Heard::Step(message) if state.loses => state.lost.push(message),
                    Heard::Freed { .. } if state.loses => {}
                    heard => return Ok(heard),
                }
            }
        })
    }
}
