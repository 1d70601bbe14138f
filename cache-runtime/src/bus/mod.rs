//! How nodes tell each other what was invalidated: the second port, beside the store's.
//!
//! A store publishes a message in the same atomic step as the bump it tells of. Nothing relies on a message: one that is
//! lost, late, doubled or out of order costs a question to the store, or the time until a lease ends.

mod local;
mod message;
#[cfg(feature = "redis")]
mod redis;

pub(crate) use local::LocalBus;
pub use message::{Message, UNLISTED, freed, names_blob};
#[cfg(feature = "redis")]
pub(crate) use redis::RedisBus;

use crate::error::StoreError;
use std::future::Future;
use std::pin::Pin;

/// A future of what a bus says.
pub type Told<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where a store tells of its steps.
pub trait Bus: Send + Sync + 'static {
    /// Begins to listen: whatever is published in the namespace after the answer comes through the feed.
    fn listen<'a>(&'a self, namespace: &'a str) -> Told<'a, Box<dyn Feed>>;
}

/// The messages of one namespace, as one listener hears them.
pub trait Feed: Send + 'static {
    /// The next of them. Dropping the future loses none.
    ///
    /// # Errors
    /// If messages may have been lost, since the connection broke or there were too many: listen anew.
    fn next(&mut self) -> Told<'_, Heard>;
}

/// What came through a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A step.
    Step(Message),
    /// Somebody gave back the lease of a key: whoever waits for it may look again. Unlike a step it has no number: one
    /// that is lost costs who waits the rest of the lease.
    Freed {
        /// The text of the key.
        key: String,
    },
    /// Something was done to the entry of a key, perhaps by somebody who does not know the protocol.
    Changed {
        /// The text of the key.
        key: String,
    },
    /// Something may have been done to any entry.
    Flushed,
    /// Something that is no message of this version.
    Nonsense,
}
