//! Whether a stamped entry is valid in what was read of the store: section 3 of `docs/protocol.md`.

use super::ground::{Ground, Root};
use super::read::Marks;
use super::request::Request;
use super::sequence::Departure;
use crate::few::Few;
use crate::stamp::{Partition, Stamp};
use crate::store::Snapshot;

/// The one rule: for every partition involved the stamp is of the partition's epoch, and every generation there is
/// present and not past it. Absent means invalid.
pub(super) fn is_valid(stamps: &[(Partition, Stamp)], request: &Request, snapshot: &Snapshot, count: u16) -> bool {
    let stamp_of = |partition| stamps.iter().find(|(of, _)| *of == partition).map(|(_, stamp)| *stamp);
    let mut generations = request.dependencies.iter().zip(&snapshot.generations);
    is_of_this_epoch(stamps, snapshot)
        && snapshot.generations.len() == request.dependencies.len()
        && generations.all(|(dependency, generation)| {
            let stamp = stamp_of(dependency.partition(count));
            matches!((stamp, generation), (Some(stamp), Some(generation)) if stamp.covers(*generation))
        })
}

/// Whether the histories that an entry is stamped in go on: it was invalidated at most, not cleared or forgotten.
pub(super) fn is_of_this_epoch(stamps: &[(Partition, Stamp)], snapshot: &Snapshot) -> bool {
    snapshot.partitions.iter().all(|(of, now)| {
        let stamp = stamps.iter().find(|(partition, _)| partition == of).map(|(_, stamp)| stamp.epoch);
        stamp.is_some() && stamp == now.map(|now| now.epoch)
    })
}

/// Notes for each partition that a request leaves now.
pub(super) fn departures(grounds: &[Ground], now_ms: u64) -> Few<Departure> {
    grounds.iter().map(|ground| ground.knowledge.depart(now_ms)).collect()
}

/// Learns from an answer where its partitions stood; none if it is from before what is known, or says nothing of one.
pub(super) fn observe(
    grounds: &[Ground],
    sent: &[Departure],
    partitions: &[(Partition, Option<Stamp>)],
    lease_ms: u64,
) -> Option<Marks> {
    let learn = |(ground, sent): (&Ground, &Departure)| {
        let partition = ground.knowledge.partition();
        let stamp = partitions.iter().find(|(of, _)| *of == partition)?.1?;
        Some((partition, ground.knowledge.observe(stamp, *sent, lease_ms)?))
    };
    grounds.iter().zip(sent).map(learn).collect()
}

/// The grounds, each with its mark.
pub(super) fn rooted(grounds: &[Ground], marks: &Marks) -> Option<Vec<Root>> {
    let root = |ground: &Ground| {
        let partition = ground.knowledge.partition();
        let (_, mark) = marks.iter().find(|(of, _)| *of == partition)?;
        Some(ground.rooted(*mark))
    };
    grounds.iter().map(root).collect()
}
