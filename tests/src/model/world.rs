//! One state in the midst of a step: what the rules of all parts are written on.

use super::ablation::Switches;
use super::config::{Config, ReaderIs};
use super::known::{Departure, Mark, Moment, Trust};
use super::state::{KEY, PARTITIONS, Slot, Stamp, State, Writing};
use super::store::bits;

pub(super) struct World<'c> {
    pub(super) state: State,
    pub(super) config: &'c Config,
    pub(super) off: Switches,
    /// What was promised and not kept.
    pub(super) broken: Option<Broken>,
    /// What to say of the step, beyond its name.
    pub(super) said: Said,
}

/// A read that was given something too old.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken {
    /// Which reader.
    pub reader: usize,
    /// The version that it was given.
    pub given: u8,
    /// The version that it should have been given, or a newer one.
    pub due: u8,
}

/// What came of a reader's step, for those who read a trace.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Said {
    #[default]
    Nothing,
    Returns(u8),
    Asks,
    AsksAbout(u8),
    Joins(u8),
    Begins,
    Misses,
}

impl World<'_> {
    pub(super) fn when(&self) -> Moment {
        Moment { now: self.state.now, delta: self.config.delta, off: self.off }
    }

    pub(super) fn depart(&mut self, node: usize, dependencies: u8) -> [Departure; PARTITIONS] {
        let mut sent = [Departure::default(); PARTITIONS];
        for partition in self.config.involved(dependencies) {
            sent[partition] = self.state.nodes[node].known[partition].depart(self.state.now);
        }
        sent
    }

    /// Learns from an answer where its partitions stood; none if it is from before what is known, or says nothing of one.
    pub(super) fn observe(
        &mut self,
        node: usize,
        dependencies: u8,
        sent: &[Departure; PARTITIONS],
        stamps: &[Option<Stamp>; PARTITIONS],
    ) -> Option<[Mark; PARTITIONS]> {
        let (when, mut marks) = (self.when(), [Mark::default(); PARTITIONS]);
        for partition in self.config.involved(dependencies) {
            let known = &mut self.state.nodes[node].known[partition];
            marks[partition] = known.observe(stamps[partition]?, sent[partition], when)?;
        }
        Some(marks)
    }

    /// Whether an entry in memory may answer.
    pub(super) fn standing(&self, node: usize, slot: &Slot) -> Trust {
        let (node, when, mut standing) = (&self.state.nodes[node], self.when(), Trust::Sure);
        if slot.ends.is_some_and(|ends| ends <= when.now) {
            return Trust::Lost;
        }
        for partition in self.config.involved(slot.dependencies) {
            let mark = slot.marks[partition];
            match node.known[partition].trust(mark, when) {
                Trust::Lost => return Trust::Lost,
                Trust::Doubtful => standing = Trust::Doubtful,
                Trust::Sure => {}
            }
            if self.cells_in(partition, slot.dependencies).any(|name| node.cells[name] > mark) {
                return Trust::Lost;
            }
        }
        standing
    }

    /// What a caller knows of a partition: the highest of its cells, and the beginning of the epoch.
    pub(super) fn known(&self, node: usize, dependencies: u8, heeds_floor: bool) -> [Mark; PARTITIONS] {
        let node = &self.state.nodes[node];
        let mut marks = [Mark::default(); PARTITIONS];
        for partition in self.config.involved(dependencies) {
            let known = &node.known[partition];
            let floor = if heeds_floor { known.floor } else { Mark::default() };
            let cells = self.cells_in(partition, dependencies).map(|name| node.cells[name]);
            marks[partition] = cells.max().unwrap_or_default().max(known.epoch_start()).max(floor);
        }
        marks
    }

    fn cells_in(&self, partition: usize, dependencies: u8) -> impl Iterator<Item = usize> {
        bits(dependencies | 1 << KEY).filter(move |name| self.config.partition_of(*name) == partition)
    }

    /// Raises the cells of some names in a partition, where somebody has one.
    pub(super) fn raise(&mut self, node: usize, partition: usize, names: u8, mark: Mark) {
        use super::ablation::Ablation::{CellsBeforeRead, CellsByMaximum};
        let config = self.config;
        let (made_late, assigned) = (self.off.has(CellsBeforeRead), self.off.has(CellsByMaximum));
        let node = &mut self.state.nodes[node];
        if made_late && node.slot.is_none() {
            return;
        }
        for name in bits(names).filter(|name| config.partition_of(*name) == partition) {
            node.cells[name] = if assigned { mark } else { node.cells[name].max(mark) };
        }
    }

    /// The newest version that counts as acknowledged for a read that starts now.
    pub(super) fn due(&self, reader: ReaderIs, is_strong: bool) -> u8 {
        let passed = |at: u8| is_strong || at + self.config.delta <= self.state.now;
        let due = |at: usize| {
            let (writer, is) = (&self.state.writers[at], self.config.writers[at]);
            let is_due = match writer.phase {
                Writing::Acknowledged { at } => passed(at) || is.node == reader.node,
                _ => false,
            };
            // What was announced is not served from when it is committed, whatever becomes of its writer.
            let is_guarded = is.is_guarded() && writer.version != 0 && passed(writer.committed);
            // Who reads by hand gets what others have filled, with their dependencies.
            let concerns = !reader.loads || is.kind.ends(reader.dependencies);
            if concerns && (is_due || is_guarded) { writer.version } else { 0 }
        };
        (0..self.config.writers.len()).map(due).max().unwrap_or(0)
    }
}
