//! How long and where a value is kept, and which of several opinions on it counts.

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
