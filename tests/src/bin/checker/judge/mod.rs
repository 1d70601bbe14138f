//! Which reads were stale, from the logs of all nodes.
//!
//! A read is stale if it started after the acknowledgement of a version and returned an older one. That takes no more than
//! the read and the writes of its row, so the logs are sifted side by side, in no order; what is stale is then put in order,
//! for what it violates depends on what had been acknowledged by then, and where. In memory are the writes, and those reads.

mod sift;
mod verdict;
mod writes;

pub(crate) use verdict::{Stale, Verdict};

use crate::log::{Seen, Written, records};
use sift::{Sifted, sift_all};
use std::path::{Path, PathBuf};
use writes::{Marks, Writes};

/// By what a row is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    /// For how long other nodes may serve what was invalidated.
    pub(crate) bound_ns: u64,
    /// Whether they may at all.
    pub(crate) is_strong: bool,
}

/// Judges what the nodes of a row left in a directory.
pub(crate) fn judge(directory: &Path, rule: Rule) -> anyhow::Result<Verdict> {
    let mut writes = Writes::default();
    for (node, path) in logs(directory, "writes")? {
        records::<Written>(&path)?.for_each(|written| writes.add(node, written));
    }
    writes.finish();
    let last = logs(directory, "last")?;
    let reads: Vec<_> = logs(directory, "reads")?.into_iter().chain(last.iter().cloned()).collect();
    let mut verdict = weigh(sift_all(&reads, &writes)?, &writes, rule);
    for (_, path) in last {
        verdict.lost += lost(records(&path)?, &writes);
    }
    Ok(verdict)
}

/// On how many rows of a last look an acknowledged write never arrived.
fn lost(last: impl Iterator<Item = Seen>, writes: &Writes) -> u64 {
    let is_old = |seen: &Seen| {
        let newer_ns = writes.newer_acknowledged_ns(seen.key, seen.version);
        newer_ns.is_some_and(|since_ns| since_ns < seen.started_ns)
    };
    last.filter(is_old).count() as u64
}

/// What the stale reads are to the promise, in the order in which they started.
fn weigh(mut sifted: Sifted, writes: &Writes, rule: Rule) -> Verdict {
    let mut verdict = Verdict {
        reads: sifted.reads,
        invalidations: writes.acknowledged(),
        span_ns: sifted.span_ns,
        ..Verdict::default()
    };
    sifted.ahead.sort_by_key(|(_, seen)| seen.started_ns);
    sifted.ahead.into_iter().for_each(|(node, seen)| verdict.add_ahead(node, seen));
    sifted.stale.sort_by_key(|(_, seen, _)| seen.started_ns);
    let mut marks = Marks::new(writes, rule.bound_ns);
    for (node, seen, since_ns) in sifted.stale {
        marks.advance(seen.started_ns);
        let is_own = marks.of_node(node, seen.key) > seen.version;
        let is_late = marks.past_bound(seen.key) > seen.version;
        let newest = marks.of_all(seen.key);
        let is_forbidden = is_own || is_late || rule.is_strong;
        verdict.add_stale(Stale { node, seen, since_ns, newest, is_own, is_late, is_forbidden });
    }
    verdict.finish();
    verdict
}

/// The logs of one kind, each with its node: `reads-<node>-<task>`.
fn logs(directory: &Path, kind: &str) -> anyhow::Result<Vec<(u32, PathBuf)>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut parts = name.split('-');
        if parts.next() == Some(kind)
            && let Some(Ok(node)) = parts.next().map(str::parse)
        {
            logs.push((node, entry.path()));
        }
    }
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::NEVER;

    const BOUND: u64 = 100;

    /// Node 0 wrote version 2 at 50, acknowledged at 60, and version 3 at 65, which was not.
    fn verdict(is_strong: bool, node: u32, started_ns: u64, version: u32) -> Verdict {
        let mut writes = Writes::default();
        writes.add(0, Written { began_ns: 50, acknowledged_ns: 60, key: 7, version: 2 });
        writes.add(0, Written { began_ns: 65, acknowledged_ns: NEVER, key: 7, version: 3 });
        writes.finish();
        let seen = Seen { started_ns, ended_ns: started_ns + 2, key: 7, version };
        weigh(sift::sift(node, [seen].into_iter(), &writes), &writes, Rule { bound_ns: BOUND, is_strong })
    }

    #[test]
    fn a_read_that_started_before_the_acknowledgement_may_be_old() {
        for (node, started_ns) in [(0, 59), (0, 60), (1, 60)] {
            assert_eq!(verdict(true, node, started_ns, 1).stale, 0);
        }
    }

    #[test]
    fn on_the_node_that_invalidated_none_may_be_old_afterwards() {
        let verdict = verdict(false, 0, 61, 1);
        assert_eq!((verdict.stale, verdict.own, verdict.violations()), (1, 1, 1));
    }

    #[test]
    fn elsewhere_one_may_be_old_until_the_bound() {
        assert_eq!((verdict(false, 1, 160, 1).stale, verdict(false, 1, 160, 1).violations()), (1, 0));
        assert_eq!((verdict(false, 1, 161, 1).late, verdict(false, 1, 161, 1).violations()), (1, 1));
    }

    #[test]
    fn in_strong_mode_none_may_be_old_anywhere() {
        assert_eq!(verdict(true, 1, 61, 1).violations(), 1);
        assert_eq!(verdict(true, 1, 61, 2).violations(), 0);
    }

    #[test]
    fn what_was_not_acknowledged_is_not_demanded() {
        assert_eq!(verdict(true, 0, 10_000, 2).violations(), 0);
        assert_eq!(verdict(true, 0, 10_000, 3).violations(), 0);
    }

    #[test]
    fn what_was_not_written_yet_cannot_be_read() {
        assert_eq!(verdict(false, 1, 62, 3).ahead, 1);
        assert_eq!(verdict(false, 1, 63, 3).ahead, 0);
        assert_eq!(verdict(false, 1, 63, 4).ahead, 1);
    }

    #[test]
    fn what_a_last_look_does_not_see_is_lost() {
        let mut writes = Writes::default();
        writes.add(0, Written { began_ns: 50, acknowledged_ns: 60, key: 7, version: 2 });
        writes.add(0, Written { began_ns: 65, acknowledged_ns: NEVER, key: 7, version: 3 });
        writes.finish();
        let lost_at = |started_ns, version| {
            lost([Seen { started_ns, ended_ns: started_ns + 2, key: 7, version }].into_iter(), &writes)
        };
        assert_eq!((lost_at(200, 1), lost_at(200, 2), lost_at(200, 3), lost_at(60, 1)), (1, 0, 0, 0));
    }

    #[test]
    fn how_long_it_was_stale_counts_from_the_first_acknowledgement_that_it_missed() {
        assert_eq!(verdict(false, 1, 90, 1).longest_ns, 30);
    }
}
