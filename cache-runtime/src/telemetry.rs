//! What the cache did: counters, and notices for those who observe it.

use crate::breaker::BreakerState;
use crate::error::{CodecError, Error, StoreError};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What a cache has counted since it was built.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
            /// Entries in memory now.
            pub l1_entries: u64,
            /// Bytes that they weigh.
            pub l1_weight: u64,
            /// Keys that are being loaded now.
            pub flights: u64,
            /// Tasks in the background now: loads that nobody waits for.
            pub background: u64,
            /// Whether this node hears of what others invalidate, when they do it.
            pub is_listening: bool,
            /// How far what memory answers now may be behind other nodes' invalidations, in milliseconds; at most the
            /// bound. Zero where the next answer asks the store anyway.
            pub may_be_behind_ms: u64,
            /// Names that are queued to be invalidated; zero unless [`Builder::recovery`](crate::Builder::recovery) is on.
            pub invalidations_waiting: u64,
            /// Operations of the store that are under way now.
            pub store_in_flight: u64,
            /// Breakers that are not closed now: one for each server of a cluster, one for any other store.
            pub breakers_open: u64,
            /// Operations of the store that were attempted once more.
            pub store_retries: u64,
            /// Functions whose values take more than a microsecond to clone, as every hit in memory does;
            /// [`Cache::slow_clones`](crate::Cache::slow_clones) names them.
            pub slow_clones: u64,
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        impl Counters {
            pub(crate) fn read(&self) -> Stats {
                Stats { $($name: self.$name.get(),)* ..Stats::default() }
            }
        }
    };
}

counters! {
    /// Answers from memory.
    l1_hits,
    /// Answers from the store.
    l2_hits,
    /// Answers past their TTL or invalidated, as the stale windows allow; counted here and not as hits.
    stale_hits,
    /// Calls that neither tier answered.
    misses,
    /// Runs of cached functions' bodies.
    loads,
    /// Those that returned an error.
    load_errors,
    /// Calls that shared another call's load.
    flights_joined,
    /// Loads begun in the background: early, past the TTL, or ahead of readers.
    renewals,
    /// Calls that were answered before their load ended, since it took too long.
    timeouts,
    /// Background work that was not begun, since there was too much of it.
    background_refused,
    /// Background work that panicked.
    background_panics,
    /// Loads that waited for another process's load of the same key.
    leases_awaited,
    /// Loads whose lease was lost while they ran.
    leases_lost,
    /// Entries in memory that one round trip found still valid.
    revalidated,
    /// Loaded values that were not kept, since they had been overtaken.
    fills_refused,
    /// Invalidations acknowledged: events (cascades included), tags, removals, sets and clears.
    invalidations,
    /// Invalidations that the store did not acknowledge; the caller was told, or the observer where it was a writer's.
    invalidations_failed,
    /// Names whose invalidation was accepted while the store did not perform it.
    invalidations_queued,
    /// Those of them that the store has performed since.
    invalidations_replayed,
    /// Those that were given up, since the cache was shut down before.
    invalidations_dropped,
    /// Entries evicted from memory for room.
    evictions,
    /// Entries that left memory since their time was up.
    expirations,
    /// Operations that the store did not perform.
    store_errors,
    /// Operations that the store was not asked for, since its breaker was open or too many were under way.
    store_skipped,
    /// Stored bytes that were no entry of this program: altered, or of another format, codec or type.
    unreadable,
    /// Entries of another type or version that were found in the place of this program's, which lie beside them then.
    set_aside,
    /// Values that were returned and not stored, since they are too large or cannot be encoded.
    unstorable,
    /// Calls that waited for their own load and ran it unshared instead.
    circular_waits,
    /// Messages of invalidations that were heard, this node's own included.
    messages,
    /// What was heard on the bus and is no message of this version.
    messages_unread,
    /// How often messages had been missed: what is older was asked for anew.
    gaps,
    /// How often the connection to the bus was lost.
    feeds_lost,
}

/// A count in several places, so that threads that count at once do not wait for each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<[Place; PLACES]>);

const PLACES: usize = 8;

/// Alone on its cache line, and on the next, which some processors fetch with it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Place(AtomicU64);

thread_local! {
    /// The place of this thread: drawn when it first counts.
    static MINE: Cell<usize> = const { Cell::new(PLACES) };
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Counter {
    #[inline]
    pub(crate) fn count(&self) {
        self.add(1);
    }

    #[inline]
    pub(crate) fn add(&self, by: u64) {
        self.0[place()].0.fetch_add(by, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.iter().map(|place| place.0.load(Ordering::Relaxed)).sum()
    }
}

#[inline]
fn place() -> usize {
    match MINE.get() {
        mine if mine < PLACES => mine,
        _ => drawn_place(),
    }
}

#[cold]
fn drawn_place() -> usize {
    let drawn = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES;
    MINE.set(drawn);
    drawn
}

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
