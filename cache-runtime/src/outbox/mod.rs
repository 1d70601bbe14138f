//! Invalidations that outlive the process that owes them: events wait in a file, or in a table of the user's database, and
//! are relayed to the cache until they hold.
//!
//! Each is emitted at least once, the oldest first; twice is harmless.

mod file;
mod lock;

pub use file::{FileOutbox, HeldEvent};

use crate::cache::{Cache, HeldTask};
use crate::error::{Cause, Error};
use crate::event::Event;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What an outbox answers, sooner or later.
pub type Kept<'a, T> = Pin<Box<dyn Future<Output = Result<T, Cause>> + Send + 'a>>;

/// Where events wait: a table that is written in the transaction of the data, or a [`FileOutbox`].
///
/// An event stands in it in its text form ([`Event`] is `Display`).
pub trait Outbox: Send + Sync {
    /// The oldest events that wait, at most `limit`, each with what names it here.
    fn waiting(&self, limit: usize) -> Kept<'_, Vec<(u64, String)>>;

    /// Forgets events: their invalidations hold.
    fn done<'a>(&'a self, events: &'a [u64]) -> Kept<'a, ()>;

    /// Puts an event aside that this program cannot emit, so that it keeps no others waiting: it is no event, or none that
    /// is known here. Whoever looks after the outbox should be told.
    fn refuse<'a>(&'a self, event: u64, problem: &'a str) -> Kept<'a, ()>;
}

/// What became of one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relayed {
    /// Events that were emitted and forgotten.
    pub emitted: usize,
    /// Events that were put aside.
    pub refused: usize,
}

/// How an outbox is relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long to wait when nothing waits, or the store is away. By default 100 ms.
    pub every: Duration,
    /// How many events are emitted a second at most, so that a long outbox does not run over a store that has just come
    /// back; at least one. By default 10,000.
    pub per_second: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { every: Duration::from_millis(100), per_second: 10_000 }
    }
}

/// How many events are emitted in one go.
const BATCH: usize = 256;

impl Cache {
    /// Emits up to 256 events that wait in an outbox, the oldest first and in one round trip, and forgets them when their
    /// invalidations hold. Any number of processes may do this with one outbox.
    ///
    /// # Errors
    /// If the store did not do it, or has only queued it: all of them stay. Or if the outbox fails: then they may be
    /// emitted once more.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::outbox::FileOutbox;
    /// use cache_runtime::{Cache, CacheEvent};
    ///
    /// #[derive(CacheEvent)]
    /// struct MemberUpdate {
    ///     guild_id: u64,
    /// }
    ///
    /// # let directory = std::env::temp_dir().join(format!("outbox-{}", std::process::id()));
    /// # let path = directory.join("events");
    /// # std::fs::create_dir_all(&directory)?;
    /// let cache = Cache::builder().build().await?;
    /// let outbox = FileOutbox::open(&path)?;
    /// let held = outbox.hold(&MemberUpdate { guild_id: 42 }.into())?;
    /// // … the database commits here …
    /// held.release();
    /// assert_eq!(cache.relay(&outbox).await?.emitted, 1);
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok(()) }
    /// ```
    pub async fn relay(&self, outbox: &dyn Outbox) -> Result<Relayed, Error> {
        let rows = outbox.waiting(BATCH).await.map_err(failed)?;
        let (mut relayed, mut events, mut ids) = (Relayed::default(), Vec::new(), Vec::new());
        for (id, text) in rows {
            let known = match text.parse::<Event>() {
                Ok(event) => self.check_event(&event).map(|()| event).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match known {
                Ok(event) => {
                    events.push(event);
                    ids.push(id);
                }
                Err(problem) => {
                    outbox.refuse(id, &problem).await.map_err(failed)?;
                    relayed.refused += 1;
                }
            }
        }
        if ids.is_empty() {
            return Ok(relayed);
        }
        // What is queued is in this process's memory, and would be lost with it.
        if self.emit_all(events).await?.is_queued() {
            return Err(failed("the store is away, and what waits is only queued".into()));
        }
        outbox.done(&ids).await.map_err(failed)?;
        relayed.emitted = ids.len();
        Ok(relayed)
    }

    /// Relays an outbox again and again, until what is returned is dropped or the cache is shut down. `told` gets what
    /// became of each round in which there was something.
    ///
    /// Call it within a tokio runtime; elsewhere nothing is relayed.
    pub fn keep_relaying(
        &self,
        outbox: Arc<dyn Outbox>,
        pace: Pace,
        told: impl Fn(&Result<Relayed, Error>) + Send + Sync + 'static,
    ) -> Relaying {
        Relaying { _task: self.in_front_while_held(rounds(self.clone(), outbox, pace, told)) }
    }
}

async fn rounds(cache: Cache, outbox: Arc<dyn Outbox>, pace: Pace, told: impl Fn(&Result<Relayed, Error>)) {
    while !cache.is_shut_down() {
        let relayed = cache.relay(&*outbox).await;
        let done = relayed.as_ref().map_or(0, |relayed| relayed.emitted + relayed.refused);
        if done > 0 || relayed.is_err() {
            told(&relayed);
        }
        let pause = match done {
            0 => pace.every,
            _ => Duration::from_secs_f64(done as f64 / f64::from(pace.per_second.max(1))),
        };
        cache.clock().sleep(pause).await;
    }
}

fn failed(cause: Cause) -> Error {
    Error::Outbox { cause }
}

/// An outbox that is relayed; dropping it ends that.
#[derive(Debug)]
#[must_use = "dropping it ends the relaying"]
pub struct Relaying {
    _task: HeldTask,
}
