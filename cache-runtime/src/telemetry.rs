//! What the cache did: counts, times, and what those are told who observe it.
//!
//! What a call does is counted for its function; a cache's own counts are the sums of those, and what is nobody's alone.

mod activity;
mod counter;
mod exposition;
mod histogram;
mod meters;
mod notice;
mod operation;
#[cfg_attr(not(feature = "tracing"), path = "telemetry/spanless.rs")]
pub(crate) mod spans;

pub(crate) use activity::Watchers;
pub use activity::{Activity, ActivityKind};
pub(crate) use counter::Counter;
pub use exposition::Metrics;
pub(crate) use exposition::Reading;
pub use histogram::Histogram;
pub(crate) use histogram::Times;
pub(crate) use meters::{Group, Meter, Meters, NameOf};
pub(crate) use notice::Observers;
pub use notice::{Notice, Observer};

/// A count as it is shown: its name, what it counts, and where it is found in what was read.
pub(crate) type Shown<S> = (&'static str, &'static [&'static str], fn(&S) -> u64);

macro_rules! counters {
    (
        of the cache: { $($(#[doc = $doc:literal])* $name:ident,)* }
        of a function: { $($(#[doc = $doc_of:literal])* $of:ident,)* }
    ) => {
        /// What a cache has counted since it was built.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[doc = $doc_of])* pub $of: u64,)*
            $($(#[doc = $doc])* pub $name: u64,)*
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
            /// How often a partition of the store was found to have begun a new history, or to have gone back in the one
            /// that was known: a failover, a restart, a flush or a `clear`. Nothing from before is trusted then.
            pub histories_lost: u64,
            /// Functions whose values take more than a microsecond to clone, as every hit in memory does;
            /// [`Cache::slow_clones`](crate::Cache::slow_clones) names them.
            pub slow_clones: u64,
        }

        /// What was counted of one cached function, or of those that are counted together, since the cache was built.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct FunctionStats {
            /// The name of the function, as in its configuration, or what
            /// [`Builder::metrics_by`](crate::Builder::metrics_by) made of it. `(by hand)` is of keys of one's own making and
            /// of writers' values, `(others)` of whatever came after the thousandth name.
            pub name: String,
            /// The template of its keys; of functions that are counted together, the first one's. Empty if there is none.
            pub template: String,
            $($(#[doc = $doc_of])* pub $of: u64,)*
            /// How long its body took, whatever came of it.
            pub load_time: Histogram,
            /// How long its calls waited for the loads of others, on this node or another.
            pub wait_time: Histogram,
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counts {
            $(pub(crate) $of: meters::Count,)*
        }

        impl Stats {
            /// The cache's own counts, and the sums of those of its functions.
            pub(crate) fn of(counters: &Counters, functions: &[FunctionStats]) -> Self {
                Self {
                    $($name: counters.$name.get(),)*
                    $($of: functions.iter().map(|of| of.$of).sum(),)*
                    ..Self::default()
                }
            }

            /// Its counts that are of no function.
            pub(crate) const SHOWN: &'static [Shown<Self>] =
                &[$((stringify!($name), &[$($doc),*], |of| of.$name),)*];
        }

        impl FunctionStats {
            pub(crate) fn of(name: &str, template: &str, counts: &Counts) -> Self {
                Self {
                    name: name.to_owned(),
                    template: template.to_owned(),
                    $($of: counts.$of.get(),)*
                    ..Self::default()
                }
            }

            /// Its counts.
            pub(crate) const SHOWN: &'static [Shown<Self>] =
                &[$((stringify!($of), &[$($doc_of),*], |of| of.$of),)*];
        }
    };
}

counters! {
    of the cache: {
        /// Background work that was not begun, since there was too much of it.
        background_refused,
        /// Background work that panicked.
        background_panics,
        /// Loads whose lease was lost while they ran.
        leases_lost,
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
        /// Operations that the store did not perform.
        store_errors,
        /// Operations that the store was not asked for, since its breaker was open or too many were under way.
        store_skipped,
        /// Messages of invalidations that were heard, this node's own included.
        messages,
        /// What was heard on the bus and is no message of this version.
        messages_unread,
        /// How often messages had been missed: what is older was asked for anew.
        gaps,
        /// How often the connection to the bus was lost.
        feeds_lost,
    }
    of a function: {
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
        /// Loads that waited for another process's load of the same key.
        leases_awaited,
        /// Entries in memory that one round trip found still valid.
        revalidated,
        /// Loaded values that were not kept, since they had been overtaken.
        fills_refused,
        /// Entries evicted from memory for room.
        evictions,
        /// Entries that left memory since their time was up.
        expirations,
        /// Stored bytes that were no entry of this program: altered, or of another format, codec or type.
        unreadable,
        /// Entries of another type or version that were found in the place of this program's, which lie beside them then.
        set_aside,
        /// Values that were returned and not stored, since they are too large or cannot be encoded.
        unstorable,
        /// Calls that waited for their own load and ran it unshared instead.
        circular_waits,
    }
}
