//! Whose callers are looked at: this cache; and beside it the crate `cached`, and what people write by hand.

mod by_hand;
mod cached;
mod ours;

use crate::seen::Rows;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A cache in front of the rows, as one node of a program has it.
pub(crate) trait Subject: Send + Sync {
    /// The version of a row, from the cache or through it.
    fn read<'a>(&'a self, rows: &'a Arc<Rows>, id: u64) -> Answer<'a, Read>;

    /// Called after a row was written. That it returns without an error is the acknowledgement, unless it is queued.
    fn invalidate(&self, id: u64) -> Answer<'_, Accepted>;

    /// Whether it leaves Redis alone at the moment.
    fn is_open(&self) -> bool {
        false
    }

    /// Whether it says of itself that nothing is amiss.
    fn is_well(&self) -> bool {
        true
    }
}

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send + 'a>>;

/// What a read gave.
pub(crate) struct Read {
    pub(crate) version: u64,
    /// Whether the caller itself asked the source.
    pub(crate) is_load: bool,
}

/// What became of an invalidation.
#[derive(PartialEq, Eq)]
pub(crate) enum Accepted {
    Performed,
    Queued,
}

/// Which cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    /// `AsyncRedisCache` of the crate `cached`.
    Cached,
    /// moka in front of redis-rs.
    ByHand,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::Cached, Self::ByHand];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Cached => "cached",
            Self::ByHand => "by-hand",
        }
    }

    /// Whether what is found decides the exit status.
    pub(crate) fn is_held_to_its_word(self) -> bool {
        self == Self::Ours
    }

    /// Whether it can be pointed at a cluster.
    pub(crate) fn knows_clusters(self) -> bool {
        self == Self::Ours
    }

    pub(crate) async fn node(self, url: &str) -> anyhow::Result<Arc<dyn Subject>> {
        Ok(match self {
            Self::Ours => Arc::new(ours::Ours::new(url).await?),
            Self::Cached => Arc::new(cached::Cached::new(url).await?),
            Self::ByHand => Arc::new(by_hand::ByHand::new(url).await?),
        })
    }
}
