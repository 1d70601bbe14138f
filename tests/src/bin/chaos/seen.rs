//! What callers saw: how long they waited, and whether what they were given was old.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long other nodes may serve what was invalidated.
pub(crate) const BOUND: Duration = Duration::from_millis(500);

/// The data: versions that only rise, always there to be read.
pub(crate) struct Rows(Vec<Row>);

#[derive(Default)]
struct Row {
    version: AtomicU64,
    /// The latest whose invalidation was accepted by the node that writes.
    accepted: AtomicU64,
    /// Those whose invalidation was acknowledged, and when.
    acknowledged: Mutex<Vec<(u64, Instant)>>,
}

/// What a call has to be measured by.
pub(crate) struct Floor {
    /// No older one may be served.
    pub(crate) strict: u64,
    /// An older one is stale, and may be.
    pub(crate) lenient: Option<(u64, Instant)>,
}

impl Rows {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).map(|_| Row::default()).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The source: what a load returns. Rows beyond the last one never change.
    pub(crate) fn read(&self, id: u64) -> u64 {
        self.0.get(id as usize).map_or(id, |row| row.version.load(Ordering::SeqCst))
    }

    pub(crate) fn write(&self, id: usize) -> u64 {
        self.0[id].version.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn accepted(&self, id: usize, version: u64, is_acknowledged: bool) {
        let row = &self.0[id];
        row.accepted.fetch_max(version, Ordering::SeqCst);
        if is_acknowledged {
            row.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push((version, Instant::now()));
        }
    }

    /// For a call that starts now, on the node that writes or on another.
    pub(crate) fn floor(&self, id: u64, writes: bool) -> Floor {
        let Some(row) = self.0.get(id as usize) else { return Floor { strict: 0, lenient: None } };
        if writes {
            return Floor { strict: row.accepted.load(Ordering::SeqCst), lenient: None };
        }
        let now = Instant::now();
        let acknowledged = row.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        let past = acknowledged.iter().rev().find(|(_, at)| now.duration_since(*at) >= BOUND);
        Floor { strict: past.map_or(0, |(version, _)| *version), lenient: acknowledged.last().copied() }
    }
}

/// All that callers saw.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    waits_us: Vec<u32>,
    open_us: Vec<u32>,
    pub(crate) failed: u64,
    pub(crate) past_bound: u64,
    pub(crate) stale: u64,
    pub(crate) longest: Duration,
}

impl Seen {
    /// Notes a call: its wait, and what it returned. `is_open_miss`: the breaker was open, and it was loaded.
    pub(crate) fn note(&mut self, wait: Duration, version: u64, floor: &Floor, is_open_miss: bool) {
        let wait_us = u32::try_from(wait.as_micros()).unwrap_or(u32::MAX);
        self.waits_us.push(wait_us);
        if is_open_miss {
            self.open_us.push(wait_us);
        }
        if version < floor.strict {
            self.past_bound += 1;
        } else if let Some((_, at)) = floor.lenient.filter(|(acknowledged, _)| version < *acknowledged) {
            self.stale += 1;
            self.longest = self.longest.max(at.elapsed().saturating_sub(wait));
        }
    }

    /// Notes a call that returned an error, or nothing in time.
    pub(crate) fn fail(&mut self, wait: Duration) {
        self.waits_us.push(u32::try_from(wait.as_micros()).unwrap_or(u32::MAX));
        self.failed += 1;
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.waits_us.extend(other.waits_us);
        self.open_us.extend(other.open_us);
        self.failed += other.failed;
        self.past_bound += other.past_bound;
        self.stale += other.stale;
        self.longest = self.longest.max(other.longest);
    }

    pub(crate) fn calls(&self) -> usize {
        self.waits_us.len()
    }

    /// The wait that so many calls in a hundred stayed below.
    pub(crate) fn wait_us(&mut self, percent: usize) -> u32 {
        at_percent(&mut self.waits_us, percent).unwrap_or(0)
    }

    pub(crate) fn longest_wait(&self) -> Duration {
        self.waits_us.iter().max().map_or(Duration::ZERO, |us| Duration::from_micros(u64::from(*us)))
    }

    /// Half of the misses with an open breaker took less.
    pub(crate) fn open_us(&mut self) -> Option<u32> {
        at_percent(&mut self.open_us, 50)
    }
}

fn at_percent(waits: &mut [u32], percent: usize) -> Option<u32> {
    waits.sort_unstable();
    waits.get((waits.len().max(1) - 1) * percent / 100).copied()
}
