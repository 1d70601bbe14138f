//! What is checked. To check another cache: a file here with an impl of [`Subject`], and its lines in [`Kind`].

mod broken;
mod cached;
mod database;
mod moka;
mod ours;
mod two_tiers;

use crate::source::Source;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A cache in front of the rows, as one node of a program has it.
pub(crate) trait Subject: Send + Sync {
    /// The version of a row, from the cache or through it.
    fn read(&self, key: u32) -> Answer<'_, u32>;

    /// Called after a write of the row was committed. That it returns without an error is the acknowledgement.
    fn invalidate(&self, key: u32) -> Answer<'_, ()>;
}

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send + 'a>>;

/// Which cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Ours,
    /// The crate `cached`.
    Cached,
    /// The crate moka.
    Moka,
    /// Moka in front of Redis, by hand.
    TwoTiers,
    /// No cache at all: what is found here is a fault of the checker.
    Database,
    /// A cache that is known to be wrong, and judged as ours: what is not found here is a fault of the checker.
    Broken,
}

/// What ours is asked to promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// Other nodes may serve old values until the bound.
    Eventual,
    /// `consistency = strong`.
    Strong,
    /// Nothing in memory: every read asks the store.
    L1Off,
}

/// Where a node finds what its cache is made of.
pub(crate) struct Surroundings {
    pub(crate) node: u32,
    pub(crate) keys: u32,
    pub(crate) redis: Option<String>,
    pub(crate) bound: Duration,
    pub(crate) source: Source,
}

impl Kind {
    pub(crate) async fn build(self, mode: Mode, around: Surroundings) -> anyhow::Result<Box<dyn Subject>> {
        Ok(match self {
            Self::Ours => Box::new(ours::Ours::new(mode, around).await?),
            Self::Cached => Box::new(cached::Cached::new(around)),
            Self::Moka => Box::new(moka::Moka::new(around)),
            Self::TwoTiers => Box::new(two_tiers::TwoTiers::new(around).await?),
            Self::Database => Box::new(database::Database(around.source)),
            Self::Broken => Box::new(broken::Broken::new(around)),
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Cached => "cached",
            Self::Moka => "moka",
            Self::TwoTiers => "moka + redis",
            Self::Database => "database",
            Self::Broken => "broken",
        }
    }

    /// Whether what is found decides the exit status.
    pub(crate) fn is_held_to_its_word(self) -> bool {
        matches!(self, Self::Ours | Self::Database | Self::Broken)
    }

    /// Whether nodes of it have anything to do with each other.
    pub(crate) fn is_shared(self) -> bool {
        !matches!(self, Self::Cached | Self::Moka | Self::Broken)
    }

    pub(crate) fn modes(self, modes: &[Mode]) -> Vec<Mode> {
        match self {
            Self::Ours => modes.to_vec(),
            Self::Database => vec![Mode::Strong],
            _ => vec![Mode::Eventual],
        }
    }
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Eventual => "eventual",
            Self::Strong => "strong",
            Self::L1Off => "l1-off",
        }
    }

    /// Whether any stale read is one too many. Without memory, a caller may still be given what another found just before.
    pub(crate) fn is_strong(self) -> bool {
        self == Self::Strong
    }
}
