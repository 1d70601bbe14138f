//! What no caller is told of, told to those who observe the cache.

use crate::breaker::BreakerState;
use crate::error::{CodecError, Error, StoreError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Something that no caller was told of.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// The store did not perform an operation; the call went on without it.
    StoreFailed {
        /// Which operation of [`Store`](crate::Store).
        operation: &'static str,
        /// Why.
        error: &'a StoreError,
    },
    /// The store, or one server of it, has failed too often and is not asked for a while; or it is asked again.
    Breaker {
        /// The store's name.
        store: &'static str,
        /// Which of its servers, if it has several.
        server: Option<&'a str>,
        /// What its breaker is from now on.
        state: BreakerState,
    },
    /// The store did not perform an invalidation, which was accepted to be performed later.
    InvalidationsQueued {
        /// Of how many names.
        names: usize,
    },
    /// The store has performed invalidations that were queued.
    InvalidationsReplayed {
        /// Of how many names.
        names: usize,
    },
    /// The cache was shut down before the store performed what was queued. What depends on it may be served by other nodes
    /// until its TTL ends.
    InvalidationsDropped {
        /// How many names.
        names: usize,
    },
    /// Stored bytes were no entry of this program; the call went on as after a miss.
    Unreadable {
        /// The entry's key.
        key: &'a str,
        /// What is the matter with them.
        reason: &'a str,
    },
    /// A value was returned and not stored.
    Unstorable {
        /// The entry's key.
        key: &'a str,
        /// Why.
        error: &'a CodecError,
    },
    /// A loaded value was returned and not kept: something it depends on was invalidated meanwhile.
    FillRefused {
        /// The entry's key.
        key: &'a str,
    },
    /// A write was done, and what depends on it could not be invalidated: it may be served until its TTL ends, or until
    /// the same is emitted again. Writers with `#[invalidates(…, guarded)]` leave nothing to be served.
    NotInvalidated {
        /// The writer: module path and function.
        by: &'a str,
        /// Why not.
        error: &'a Error,
    },
    /// A call would have waited for its own load; it ran the body unshared.
    CircularWait {
        /// The entry's key.
        key: &'a str,
    },
    /// A load in the background panicked. Its key is free for the next.
    BackgroundPanicked,
    /// A function's values take long to clone, which every hit in memory does. Told once a function.
    SlowClone {
        /// Its name.
        function: &'a str,
        /// How long the quickest of three clones in a row took.
        took: Duration,
    },
    /// A load returned an error. Its caller got the error, or a stale value if the function allows that.
    LoadFailed {
        /// The entry's key.
        key: &'a str,
    },
    /// The program's functions, events or configuration are not coherent, and nobody built a cache that could say so.
    Misconfigured {
        /// What is wrong, and what would be right.
        problem: &'a str,
    },
}

/// Somebody who is told of notices. What it does must be quick; a panic in it is caught and changes nothing.
///
/// Every `Fn(&Notice)` is one.
pub trait Observer: Send + Sync + 'static {
    /// Is told of one notice.
    fn notice(&self, notice: &Notice<'_>);
}

impl<F: Fn(&Notice<'_>) + Send + Sync + 'static> Observer for F {
    fn notice(&self, notice: &Notice<'_>) {
        self(notice);
    }
}

/// The observers of a cache.
#[derive(Default)]
pub(crate) struct Observers(pub(crate) Vec<Box<dyn Observer>>);

impl Observers {
    pub(crate) fn tell(&self, notice: &Notice<'_>) {
        for observer in &self.0 {
            let _a_failing_observer_affects_nothing = catch_unwind(AssertUnwindSafe(|| observer.notice(notice)));
        }
    }
}

impl std::fmt::Debug for Observers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} observers", self.0.len())
    }
}
