//! The reads of many logs as one sequence, by the time at which they started, with one read of each in memory.

use crate::log::Seen;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Merges logs that are each in order. Every read comes with the node of its log.
pub(super) fn merged<L: Iterator<Item = Seen>>(mut logs: Vec<(u32, L)>) -> impl Iterator<Item = (u32, Seen)> {
    let mut heads: Vec<Option<Seen>> = logs.iter_mut().map(|(_, log)| log.next()).collect();
    let entry = |seen: &Seen, log: usize| Reverse((seen.started_ns, log));
    let mut heap: BinaryHeap<_> =
        heads.iter().enumerate().filter_map(|(log, seen)| Some(entry(seen.as_ref()?, log))).collect();
    std::iter::from_fn(move || {
        let Reverse((_, log)) = heap.pop()?;
        let (node, next) = (logs[log].0, logs[log].1.next());
        heap.extend(next.as_ref().map(|seen| entry(seen, log)));
        Some((node, std::mem::replace(&mut heads[log], next)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_reads_come_in_order_and_know_their_node() {
        let log = |starts: &[u64]| {
            let seen = |&started_ns| Seen { started_ns, ended_ns: 0, key: 0, version: 0 };
            starts.iter().map(seen).collect::<Vec<_>>().into_iter()
        };
        let merged = merged(vec![(0, log(&[1, 4, 9])), (1, log(&[])), (2, log(&[2, 3]))]);
        let merged: Vec<_> = merged.map(|(node, seen)| (node, seen.started_ns)).collect();
        assert_eq!(merged, [(0, 1), (2, 2), (2, 3), (0, 4), (0, 9)]);
    }
}
