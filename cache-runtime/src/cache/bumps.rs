//! Bumps that go together: while one of a partition is under way, those that come meanwhile gather, and are the next one.
//!
//! Each is acknowledged by a step that began after its call, which is all that is promised; one step for many spares the
//! server and the connection what they would do for each. Who comes while nothing is under way does not wait, and nobody
//! waits for others longer than one operation may take. What the store refuses for good is asked again by each for himself:
//! it may have been another's names.
//!
//! No task performs them: whoever waits for a bump drives it, be it another's. So a caller that is slow to ask again, or
//! never does, holds up nobody; and what nobody waits for any more is given up, as any other invalidation is. Those of
//! another runtime go by themselves.

use super::Cache;
use super::driven::{Driven, WeakDriven};
use super::remove::BumpUnderWay;
use crate::error::StoreError;
use crate::few::Few;
use crate::key::Dependency;
use crate::stamp::Partition;
use crate::store::{Bump, as_one_call};
use futures_util::future::{FutureExt, OptionFuture};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::{Handle, Id};
use tokio::time::{Sleep, sleep};

/// How many names a bump of several callers has at most, so that no other command waits long for it.
const MAX_NAMES: usize = 1_024;

/// How many bytes these have at most: half of what a message lists.
const MAX_BYTES: usize = 32 << 10;

/// What came of a bump, to all who wait for it.
type Said = Result<Few<Bump>, Failed>;

/// Why a bump was not performed.
#[derive(Clone)]
enum Failed {
    Store(Arc<StoreError>),
    /// The store panicked.
    Panicked,
}

/// A bump that was begun.
type Flight = Driven<Said>;

/// The bumps of one partition by this node.
#[derive(Default)]
pub(super) struct Bumps(Mutex<State>);

#[derive(Default)]
struct State {
    /// Where what is under way has its timers: once that runtime is shut down, nobody could wait for it.
    runtime: Option<Id>,
    under_way: Option<WeakDriven<Said>>,
    /// What gathers, the next one first. It is kept by those who wait for it, so what nobody waits for is gone.
    queue: VecDeque<Weak<Batch>>,
}

/// Names of several callers.
#[derive(Default)]
struct Batch {
    names: Mutex<Names>,
    /// Set when it is begun; from then on nobody joins it.
    flight: OnceLock<Flight>,
}

#[derive(Default)]
struct Names {
    names: Vec<Dependency>,
    len_bytes: usize,
}

/// Where a caller stands.
enum Place {
    /// In a bump that has been begun for him.
    Own(Flight),
    /// In one that has been begun for several.
    Aboard(Flight),
    /// Behind one, in a batch.
    Behind(Flight, Arc<Batch>),
    /// On his own.
    Apart,
}

impl Cache {
    /// Bumps dependencies: those of one partition together with what else is to be bumped there. Those of several are one
    /// operation of the store, which asks each server's breaker once. This node's cells are raised before the answer.
    pub(super) async fn bump_together(&self, names: &[Dependency]) -> Result<Few<Bump>, StoreError> {
        let count = self.partitions();
        let mut partitions = names.iter().map(|name| name.partition(count));
        match partitions.next().filter(|first| partitions.all(|other| other == *first)) {
            Some(partition) => self.bump_in(partition, names).await,
            None => self.bump_alone(names).await,
        }
    }

    /// The same in a step of their own.
    pub(super) async fn bump_alone(&self, names: &[Dependency]) -> Result<Few<Bump>, StoreError> {
        let Some(store) = &self.shared.guard else { return Ok(Few::default()) };
        let under_way = BumpUnderWay::new(self, names).uncounted();
        let bumps: Few<Bump> = store.raise(&self.space.namespace, names).await?.into_iter().collect();
        under_way.done(&bumps, names);
        Ok(bumps)
    }

    async fn bump_in(&self, partition: Partition, names: &[Dependency]) -> Result<Few<Bump>, StoreError> {
        let bumps = self.space.bumps(partition);
        let begin = |names| self.begin_bump(names);
        let mut place = bumps.enter(names, begin);
        let mut patience = None;
        loop {
            place = match place {
                Place::Own(flight) => match flight.said().await {
                    Ok(bumps) => return Ok(bumps),
                    Err(Failed::Store(error)) => return Err(own(error)),
                    // Where it is his own panic.
                    Err(Failed::Panicked) => Place::Apart,
                },
                Place::Aboard(flight) => match flight.said().await {
                    Ok(bumps) => return Ok(bumps),
                    Err(Failed::Store(error)) if error.is_temporary() => return Err(own(error)),
                    // It may be another's names that are refused.
                    Err(_) => Place::Apart,
                },
                Place::Behind(ahead, batch) => {
                    let patience = patience.get_or_insert_with(|| OptionFuture::from(self.patience()));
                    let is_over = tokio::select! {
                        biased;
                        // What became of it is for those aboard.
                        _said = ahead.said() => false,
                        Some(()) = patience => true,
                    };
                    if is_over { Place::Apart } else { bumps.lock().place_of(batch, begin) }
                }
                Place::Apart => return self.bump_alone(names).await,
            }
        }
    }

    /// How long a caller waits behind others: as long as one operation may take. Then he goes on his own; what is bumped
    /// twice is bumped. None where nobody keeps the time, or an operation may take for ever.
    fn patience(&self) -> Option<Pin<Box<Sleep>>> {
        let limit = self.shared.store.as_ref()?.deadlines().unwrap_or_default().write;
        let is_kept = limit < Duration::MAX && Handle::try_current().is_ok();
        is_kept.then(|| Box::pin(sleep(limit)))
    }

    fn begin_bump(&self, names: Vec<Dependency>) -> Flight {
        let cache = self.clone();
        Driven::new(async move {
            // Whoever drives it has not waited for it.
            let bump = pin!(cache.bump_alone(&names));
            let said = AssertUnwindSafe(as_one_call(bump)).catch_unwind().await;
            match said {
                Ok(Ok(bumps)) => Ok(bumps),
                Ok(Err(error)) => Err(Failed::Store(Arc::new(error))),
                Err(_panic) => Err(Failed::Panicked),
            }
        })
    }
}

impl Bumps {
    /// Takes a place: in a bump of its own if nothing is under way and nobody waits, which is most often so.
    fn enter(&self, names: &[Dependency], begin: impl Fn(Vec<Dependency>) -> Flight) -> Place {
        let here = Handle::try_current().ok().map(|runtime| runtime.id());
        let mut state = self.lock();
        state.queue.retain(|batch| batch.strong_count() > 0);
        if state.queue.is_empty() && state.flight().is_none() {
            let flight = begin(names.to_vec());
            state.runtime = here;
            state.under_way = Some(flight.downgrade());
            return Place::Own(flight);
        }
        // What is under way is another runtime's.
        if state.runtime != here {
            return Place::Apart;
        }
        let len_bytes = names.iter().map(|name| name.as_str().len()).sum();
        let has_room = |batch: &Arc<Batch>| batch.names().have_room_for(names.len(), len_bytes);
        let last = state.queue.back().and_then(Weak::upgrade).filter(has_room);
        let batch = last.unwrap_or_else(|| {
            let batch = Arc::new(Batch::default());
            state.queue.push_back(Arc::downgrade(&batch));
            batch
        });
        batch.names().add(names, len_bytes);
        state.place_of(batch, begin)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is under way, if somebody still waits for it.
    fn flight(&self) -> Option<Flight> {
        self.under_way.as_ref()?.upgrade().filter(|flight| !flight.is_over())
    }

    /// Where those of a batch stand now. If nothing is under way, the first in the queue is begun.
    fn place_of(&mut self, batch: Arc<Batch>, begin: impl Fn(Vec<Dependency>) -> Flight) -> Place {
        loop {
            if let Some(flight) = batch.flight.get() {
                return Place::Aboard(flight.clone());
            }
            if let Some(ahead) = self.flight() {
                return Place::Behind(ahead, batch);
            }
            // What is not begun is in the queue.
            let first = self.queue.pop_front().map_or_else(|| Some(batch.clone()), |first| first.upgrade());
            if let Some(first) = first {
                let flight = first.flight.get_or_init(|| begin(std::mem::take(&mut *first.names()).each_once()));
                self.under_way = Some(flight.downgrade());
            }
        }
    }
}

impl Batch {
    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    fn have_room_for(&self, count: usize, len_bytes: usize) -> bool {
        self.names.len() + count <= MAX_NAMES && self.len_bytes + len_bytes <= MAX_BYTES
    }

    fn add(&mut self, names: &[Dependency], len_bytes: usize) {
        self.names.extend_from_slice(names);
        self.len_bytes += len_bytes;
    }

    fn each_once(self) -> Vec<Dependency> {
        let mut names = self.names;
        names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        names.dedup();
        names
    }
}

/// The error as one of those who share it has it.
fn own(shared: Arc<StoreError>) -> StoreError {
    let shared = match Arc::try_unwrap(shared) {
        Ok(only) => return only,
        Err(shared) => shared,
    };
    match *shared {
        StoreError::Timeout { store, waited } => StoreError::Timeout { store, waited },
        StoreError::Unreachable { store, .. } => StoreError::Unreachable { store, cause: Box::new(Common(shared)) },
        StoreError::NotReplicated { store, wanted, waited } => StoreError::NotReplicated { store, wanted, waited },
        StoreError::BreakerOpen { store } => StoreError::BreakerOpen { store },
        StoreError::TooManyInFlight { store, limit } => StoreError::TooManyInFlight { store, limit },
        StoreError::Unsupported { store, operation } => StoreError::Unsupported { store, operation },
        StoreError::Refused { store, .. } => StoreError::Refused { store, cause: Box::new(Common(shared)) },
        StoreError::Address { ref problem } => StoreError::Address { problem: problem.clone() },
        StoreError::Tls { ref problem } => StoreError::Tls { problem: problem.clone() },
    }
}

/// The cause of an error that several have: it says the same, and has the same behind it.
#[derive(Debug)]
struct Common(Arc<StoreError>);

impl Common {
    fn cause(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl fmt::Display for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause().map_or(Ok(()), |cause| write!(f, "{cause}"))
    }
}

impl Error for Common {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause()?.source()
    }
}
