//! What the cache does, told to those who want to hear of all of it.

use crate::outcome::Tier;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Something that the cache did; [`Builder::watch`](crate::Builder::watch) says to whom.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Activity<'a> {
    /// What it did.
    pub kind: ActivityKind,
    /// The function whose entry it is, as in [`FunctionStats::name`](crate::FunctionStats::name); empty where that is not
    /// known, as for what is removed by its key.
    pub function: &'a str,
    /// The key as it stands in a store, without namespace: what is secret in it is hashed. Empty where it is about more
    /// than one entry.
    pub key: &'a str,
}

/// What the cache did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActivityKind {
    /// A tier gave a fresh answer.
    Hit(Tier),
    /// An answer past its TTL or invalidated was given, as the stale windows allow.
    Stale(Tier),
    /// No tier had an answer: a load follows, unless nothing was to be loaded.
    Miss,
    /// An entry is loaded anew in the background: early, past its TTL, or ahead of readers.
    Refresh,
    /// An entry was replaced by hand or by a writer.
    Set,
    /// A key was removed, whether there was an entry or not.
    Remove,
    /// Events, tags or functions were invalidated: so many names of them.
    Invalidate(usize),
    /// All entries of the namespace were invalidated.
    Clear,
    /// An entry left memory for room.
    Evict,
    /// An entry left memory since its time was up: some time after that, when its place was looked at.
    Expire,
}

/// Those who want to hear of everything.
#[derive(Default)]
pub(crate) struct Watchers(pub(crate) Vec<Box<Watcher>>);

/// One of them.
pub(crate) type Watcher = dyn Fn(&Activity<'_>) + Send + Sync;

impl Watchers {
    /// Whether there are any.
    pub(crate) fn is_any(&self) -> bool {
        !self.0.is_empty()
    }

    pub(crate) fn tell(&self, kind: ActivityKind, function: &str, key: &str) {
        for watcher in &self.0 {
            let activity = Activity { kind, function, key };
            let _a_failing_watcher_affects_nothing = catch_unwind(AssertUnwindSafe(|| watcher(&activity)));
        }
    }
}

impl std::fmt::Debug for Watchers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} watchers", self.0.len())
    }
}
