//! What was found in a row, added up.

use crate::log::Seen;
use std::collections::HashMap;

/// So many violations are told of one by one.
const TOLD: usize = 5;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) reads: u64,
    pub(crate) invalidations: u64,
    pub(crate) stale: u64,
    /// On the node that had been given the acknowledgement.
    pub(crate) own: u64,
    /// Longer after the acknowledgement than the bound.
    pub(crate) late: u64,
    /// Stale reads that may not be.
    pub(crate) forbidden: u64,
    /// Versions read before their write began: values that come from nowhere.
    pub(crate) ahead: u64,
    /// Rows on which a node, when all was over, had not got what had been acknowledged. Those looks are among the stale
    /// reads as well.
    pub(crate) lost: u64,
    pub(crate) longest_ns: u64,
    /// For each acknowledgement and node that served something older: until when, sorted.
    pub(crate) windows_ns: Vec<u64>,
    /// The first violations, one for each node and row.
    pub(crate) told: Vec<Stale>,
    pub(crate) told_ahead: Vec<(u32, Seen)>,
    pub(crate) span_ns: (u64, u64),
    /// The windows, by node, row and acknowledgement.
    pub(super) open: HashMap<(u32, u32, u64), u64>,
}

/// A stale read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stale {
    pub(crate) node: u32,
    pub(crate) seen: Seen,
    /// When a newer version was acknowledged first.
    pub(crate) since_ns: u64,
    /// The newest version that had been acknowledged when the read started.
    pub(crate) newest: u32,
    pub(crate) is_own: bool,
    pub(crate) is_late: bool,
    pub(crate) is_forbidden: bool,
}

impl Verdict {
    pub(super) fn add_stale(&mut self, stale: Stale) {
        let age_ns = stale.seen.started_ns - stale.since_ns;
        self.stale += 1;
        self.own += u64::from(stale.is_own);
        self.late += u64::from(stale.is_late);
        self.forbidden += u64::from(stale.is_forbidden);
        self.longest_ns = self.longest_ns.max(age_ns);
        // Reads come in the order in which they started: the last one is the longest.
        self.open.insert((stale.node, stale.seen.key, stale.since_ns), age_ns);
        // Reads of one row are stale by the dozen, and for one reason.
        let is_told = self.told.iter().any(|told| (told.node, told.seen.key) == (stale.node, stale.seen.key));
        if stale.is_forbidden && !is_told && self.told.len() < TOLD {
            self.told.push(stale);
        }
    }

    pub(super) fn add_ahead(&mut self, node: u32, seen: Seen) {
        self.ahead += 1;
        if self.told_ahead.len() < TOLD {
            self.told_ahead.push((node, seen));
        }
    }

    pub(super) fn finish(&mut self) {
        self.windows_ns = std::mem::take(&mut self.open).into_values().collect();
        self.windows_ns.sort_unstable();
    }

    /// What the cache under check may not do.
    pub(crate) fn violations(&self) -> u64 {
        self.forbidden + self.ahead
    }

    /// A window that so many percent of them do not exceed.
    pub(crate) fn window_ns(&self, percent: usize) -> Option<u64> {
        let last = self.windows_ns.len().checked_sub(1)?;
        Some(self.windows_ns[last * percent / 100])
    }

    pub(crate) fn reads_per_second(&self) -> u64 {
        let ns = self.span_ns.1.saturating_sub(self.span_ns.0).max(1);
        u64::try_from(u128::from(self.reads) * 1_000_000_000 / u128::from(ns)).unwrap_or(u64::MAX)
    }

    pub(crate) fn stale_per_million(&self) -> u64 {
        self.stale * 1_000_000 / self.reads.max(1)
    }
}
