//! The reads of all logs, each looked at once: how many there were, and which are stale or come from nowhere.

use super::writes::Writes;
use crate::log::{Seen, records};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What is left of logs.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    pub(super) reads: u64,
    /// When the first read started, and when the last.
    pub(super) span_ns: (u64, u64),
    /// With the node, and when a newer version was acknowledged first.
    pub(super) stale: Vec<(u32, Seen, u64)>,
    /// Of versions whose write had not begun.
    pub(super) ahead: Vec<(u32, Seen)>,
}

/// Sifts logs, each with its node, on as many threads as there are cores.
pub(super) fn sift_all(logs: &[(u32, PathBuf)], writes: &Writes) -> anyhow::Result<Sifted> {
    let next = AtomicUsize::new(0);
    let take_turns = || {
        let mut own = Sifted::default();
        while let Some((node, path)) = logs.get(next.fetch_add(1, Ordering::Relaxed)) {
            own.add(sift(*node, records(path)?, writes));
        }
        anyhow::Ok(own)
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let sifting: Vec<_> = (0..cores).map(|_| scope.spawn(take_turns)).collect();
        let mut all = Sifted::default();
        for sifted in sifting {
            all.add(sifted.join().expect("to sift does not panic")?);
        }
        Ok(all)
    })
}

/// Sifts the reads of one node.
pub(super) fn sift(node: u32, reads: impl Iterator<Item = Seen>, writes: &Writes) -> Sifted {
    let mut sifted = Sifted::default();
    for seen in reads {
        sifted.span(seen.started_ns, seen.started_ns);
        sifted.reads += 1;
        let facts = writes.facts_of(seen.key, seen.version);
        if facts.began_ns.is_none_or(|began_ns| began_ns > seen.ended_ns) {
            sifted.ahead.push((node, seen));
        }
        if let Some(since_ns) = facts.newer_acknowledged_ns.filter(|since_ns| *since_ns < seen.started_ns) {
            sifted.stale.push((node, seen, since_ns));
        }
    }
    sifted
}

impl Sifted {
    fn add(&mut self, other: Self) {
        if other.reads > 0 {
            self.span(other.span_ns.0, other.span_ns.1);
        }
        self.reads += other.reads;
        self.stale.extend(other.stale);
        self.ahead.extend(other.ahead);
    }

    /// To be called before these reads are counted.
    fn span(&mut self, first_ns: u64, last_ns: u64) {
        let is_first = self.reads == 0;
        self.span_ns.0 = if is_first { first_ns } else { self.span_ns.0.min(first_ns) };
        self.span_ns.1 = self.span_ns.1.max(last_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Log, Written};

    #[test]
    fn no_log_is_left_out_and_each_read_knows_its_node() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let mut writes = Writes::default();
        writes.add(0, Written { began_ns: 1, acknowledged_ns: 10, key: 3, version: 2 });
        writes.finish();
        let log = |node: u32, starts: &[u64]| {
            let path = directory.path().join(node.to_string());
            let mut log = Log::create(path.clone()).expect("it can be made");
            for &started_ns in starts {
                log.add(Seen { started_ns, ended_ns: started_ns, key: 3, version: 1 }).expect("it can be written");
            }
            log.finish().expect("it can be written");
            (node, path)
        };
        let logs: Vec<_> = (0..40).map(|node| log(node, &[5, 20 + u64::from(node)])).chain([log(40, &[])]).collect();
        let sifted = sift_all(&logs, &writes).expect("they can be read");
        assert_eq!((sifted.reads, sifted.span_ns), (80, (5, 59)));
        let mut stale: Vec<_> = sifted.stale.iter().map(|(node, seen, _)| (*node, seen.started_ns)).collect();
        stale.sort_unstable();
        assert_eq!(stale, (0..40).map(|node| (node, 20 + u64::from(node))).collect::<Vec<_>>());
    }
}
