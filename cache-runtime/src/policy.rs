//! How long and where a value is kept, and which of several opinions on it counts.

mod coherence;
mod room;

pub use room::{Eviction, L1};

use std::time::Duration;

/// How entries of one function, or of a whole cache, are kept. What is `None` is left to the next wider policy.
///
/// Precedence: the cache's defaults < the attribute < the configuration by name.
///
/// ```
/// use cache_runtime::Policy;
/// use std::time::Duration;
///
/// let defaults = Policy::ttl(Duration::from_secs(60));
/// let attribute = Policy { none_ttl: Some(Duration::from_secs(5)), ..Policy::default() };
/// let both = defaults.overlaid_by(&attribute);
/// assert_eq!(both.ttl, Some(Duration::from_secs(60)));
/// assert_eq!(both.none_ttl, Some(Duration::from_secs(5)));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// How long a value is served after it was loaded. Kept to whole milliseconds; zero stores nothing.
    pub ttl: Option<Duration>,
    /// How long an absent value (`None`) is remembered; by default it is not.
    pub none_ttl: Option<Duration>,
    /// Which tiers take part; by default both.
    pub tiers: Option<Tiers>,
    /// What other nodes have invalidated by the time of a call; by default [`Consistency::Eventual`].
    pub consistency: Option<Consistency>,
    /// How long a caller waits for another caller's load of the same key before it loads for itself, unshared.
    /// By default as long as that load takes.
    pub max_wait: Option<Duration>,
    /// A shorter life in the process's memory; by default as long as in the store.
    pub l1_ttl: Option<Duration>,
    /// By how much of its TTL an entry's life is shortened at random, so that entries filled together do not expire
    /// together: from 0 (not at all, the default) to below 1. A life lies in `[ttl * (1 - jitter), ttl]`.
    pub jitter: Option<f64>,
    /// XFetch's beta: how eagerly an entry is loaded anew before it expires, so that callers seldom meet an expired one.
    /// By default 1; larger is earlier; 0 switches it off.
    pub early: Option<f64>,
    /// For how long after its TTL an entry is still served at once, while it is loaded anew in the background.
    /// What was invalidated is not served so.
    pub stale_while_revalidate: Option<Duration>,
    /// For how long after its TTL or its invalidation a value is served if the load fails or times out. What was removed,
    /// set or cleared is not served so, nor is anything in a call that asks for strong answers.
    pub stale_if_error: Option<Duration>,
    /// After a load that failed while there was a stale value to serve, for how long that is served without another
    /// attempt; by default 5 s.
    pub error_backoff: Option<Duration>,
    /// How long a caller waits for a load if there is a stale value to serve instead. The load goes on.
    pub soft_timeout: Option<Duration>,
    /// How long a caller waits for a load at all. The load goes on.
    pub hard_timeout: Option<Duration>,
    /// One load a key across processes: for how long the right to load is leased at a time; zero is off, the default. A
    /// lease is renewed while its holder loads.
    pub lock: Option<Duration>,
    /// How long an error is remembered, in the process only, where the attribute says which errors are (`error_if`).
    pub error_ttl: Option<Duration>,
    /// What was loaded faster than this is not worth keeping, and is not kept; by default everything is.
    pub min_load: Option<Duration>,
    /// How often an entry in use is loaded anew in the background, whatever its TTL; by default never.
    pub refresh_every: Option<Duration>,
    /// After how long without a reader that ends; by default after ten times `refresh_every`.
    pub refresh_idle: Option<Duration>,
    /// How much room a function's entries have in memory, for themselves and besides what the cache's
    /// [`l1`](crate::Builder::l1) allows; by default they share that with all others. Nothing if memory is off, and nothing
    /// for entries by hand. As a cache's default it gives each function such a region.
    pub local: Option<L1>,
    /// Tags of the entry besides those of the attribute, for entries made by hand.
    pub tags: Vec<String>,
}

impl Policy {
    /// A policy that says only how long.
    pub fn ttl(ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..Self::default() }
    }

    /// This policy, except where `over` has an opinion. Tags add up.
    #[must_use]
    pub fn overlaid_by(&self, over: &Self) -> Self {
        Self {
            ttl: over.ttl.or(self.ttl),
            none_ttl: over.none_ttl.or(self.none_ttl),
            tiers: over.tiers.or(self.tiers),
            consistency: over.consistency.or(self.consistency),
            max_wait: over.max_wait.or(self.max_wait),
            l1_ttl: over.l1_ttl.or(self.l1_ttl),
            jitter: over.jitter.or(self.jitter),
            early: over.early.or(self.early),
            stale_while_revalidate: over.stale_while_revalidate.or(self.stale_while_revalidate),
            stale_if_error: over.stale_if_error.or(self.stale_if_error),
            error_backoff: over.error_backoff.or(self.error_backoff),
            soft_timeout: over.soft_timeout.or(self.soft_timeout),
            hard_timeout: over.hard_timeout.or(self.hard_timeout),
            lock: over.lock.or(self.lock),
            error_ttl: over.error_ttl.or(self.error_ttl),
            min_load: over.min_load.or(self.min_load),
            refresh_every: over.refresh_every.or(self.refresh_every),
            refresh_idle: over.refresh_idle.or(self.refresh_idle),
            local: over.local.or(self.local),
            tags: self.tags.iter().chain(&over.tags).cloned().collect(),
        }
    }
}

/// Which tiers keep an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tiers {
    /// The process's memory only; the value needs no serde then.
    L1,
    /// The store only.
    L2,
    /// Memory in front of the store.
    #[default]
    Both,
}

/// How old an answer may be that another node has invalidated. What this node invalidated is never served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// At most the cache's [`max_staleness`](crate::Builder::max_staleness); a hit in memory asks nobody.
    #[default]
    Eventual,
    /// Not at all: a hit in memory costs one round trip, which does not carry the value.
    Strong,
}

impl Tiers {
    pub(crate) fn has_l1(self) -> bool {
        self != Self::L2
    }

    pub(crate) fn has_l2(self) -> bool {
        self != Self::L1
    }
}
