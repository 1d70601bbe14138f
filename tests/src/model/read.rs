//! A call up to its answer or its load: memory, the flight, memory again, the store. `cache/read.rs` and `cache/look.rs`.

use super::ablation::Ablation;
use super::config::{Demand, Parts};
use super::flight::Landing;
use super::known::{Mark, Trust};
use super::state::{DEPENDENCIES, Entry, PARTITIONS, Phase, Reader, Reading, Slot, Stamp};
use super::store::bits;
use super::world::{Said, World};

/// A place of a read's part among the bits of those that were taken.
const GENERATIONS: u8 = 2;
const ENTRY: u8 = 4;

impl World<'_> {
    /// A call begins.
    pub(super) fn arrive(&mut self, at: usize) {
        let is = self.config.readers[at];
        self.state.left.reads -= 1;
        let (is_strong, heeds_floor) = match is.demand {
            Demand::Eventual => (false, false),
            Demand::Strong => (true, false),
            Demand::After(writer) => (!self.has_applied(is.node, writer), true),
        };
        let of_token = match is.demand {
            Demand::After(writer) => self.state.writers[writer].version,
            _ => 0,
        };
        let reader = Reader {
            known: self.known(is.node, is.dependencies, heeds_floor),
            arrived: self.state.now,
            must: self.due(is, is.demand == Demand::Strong).max(of_token),
            newest: self.due(is, true),
            is_strong,
            ..Reader::default()
        };
        self.state.readers[at] = reader;
        let slot = self.state.nodes[is.node].slot.filter(|slot| is.dependencies & !slot.dependencies == 0);
        match slot.filter(|slot| !is_strong && self.standing(is.node, slot) == Trust::Sure) {
            Some(slot) => self.finish(at, slot.version, false),
            None => self.board(at),
        }
    }

    fn has_applied(&self, node: usize, writer: usize) -> bool {
        let known = &self.state.nodes[node].known;
        let token = self.state.writers[writer].token;
        (0..PARTITIONS).all(|partition| token[partition].is_none_or(|stamp| known[partition].has_applied(stamp)))
    }

    /// Memory once more, then the store.
    pub(super) fn look(&mut self, at: usize) {
        let is = self.config.readers[at];
        self.state.readers[at].begun = None;
        let Some(slot) = self.state.nodes[is.node].slot.filter(|slot| is.dependencies & !slot.dependencies == 0) else {
            return self.ask(at, is.dependencies, None);
        };
        let known = &self.state.nodes[is.node].known;
        let lease = self.config.involved(slot.dependencies).map(|partition| known[partition].lease_until).min();
        let reader = &self.state.readers[at];
        match self.standing(is.node, &slot) {
            Trust::Lost => {
                self.state.nodes[is.node].slot = None;
                self.ask(at, is.dependencies, None);
            }
            Trust::Sure if !reader.is_strong && reader.arrived < lease.unwrap_or(0) => {
                let known = lease.unwrap_or(0).saturating_sub(self.config.delta);
                self.land(at, self.found(slot, known, false));
                self.finish(at, slot.version, false);
            }
            _ if slot.identity.is_none() => self.ask(at, is.dependencies, None),
            _ => {
                let stamps = [0, 1]
                    .map(|partition: usize| Stamp { epoch: known[partition].epoch, seq: slot.marks[partition].seq });
                self.ask(at, is.dependencies | slot.dependencies, Some((slot, stamps)));
            }
        }
    }

    fn found(&self, slot: Slot, known: u8, is_asked: bool) -> Landing {
        Landing { version: slot.version, checked: Some(slot.dependencies), marks: slot.marks, known, is_asked }
    }

    fn ask(&mut self, at: usize, dependencies: u8, about: Option<(Slot, [Stamp; PARTITIONS])>) {
        let sent = self.depart(self.config.readers[at].node, dependencies);
        self.take_moment(at);
        self.said = about.map_or(Said::Asks, |(slot, _)| Said::AsksAbout(slot.version));
        self.state.readers[at].phase = Phase::Reading(Reading { dependencies, sent, about, ..Reading::default() });
    }

    /// The parts of a read that may be taken next.
    pub(super) fn parts_of(&self, reading: &Reading) -> u8 {
        let is_left = |bit: u8| reading.taken & (1 << bit) == 0;
        let mut parts = 0;
        for partition in self.config.involved(reading.dependencies) {
            let (meta, generations) = (partition as u8, GENERATIONS + partition as u8);
            let in_any_order = self.config.parts == Parts::Unordered || self.off.has(Ablation::MetaFirst);
            for (bit, before) in [(meta, None), (generations, Some(meta)), (ENTRY, Some(GENERATIONS))] {
                let is_here = bit != ENTRY || partition == 0;
                if is_here && is_left(bit) && (in_any_order || before.is_none_or(|before| !is_left(before))) {
                    parts |= 1 << bit;
                }
            }
        }
        parts
    }

    /// The store reads one part, or all of a partition.
    pub(super) fn take_part(&mut self, at: usize, bit: u8) {
        let Phase::Reading(mut reading) = self.state.readers[at].phase else { return };
        let node = self.config.readers[at].node;
        let partition = if bit == ENTRY { 0 } else { usize::from(bit % GENERATIONS) };
        self.link(node, partition);
        let is_all = self.config.parts == Parts::Partitions && !self.off.has(Ablation::MetaFirst);
        let held = *self.held(partition);
        if is_all || bit < GENERATIONS {
            reading.metas[partition] = held.meta.map(|meta| meta.now);
        }
        if is_all || (GENERATIONS..ENTRY).contains(&bit) {
            for name in (0..DEPENDENCIES).filter(|name| self.config.partition_of(*name) == partition) {
                reading.generations[name] = held.generations[name].filter(|_| reading.dependencies & (1 << name) != 0);
            }
        }
        if partition == 0 && (is_all || bit == ENTRY) {
            reading.entry = held.entry;
        }
        reading.taken |= match (is_all, partition) {
            (false, _) => 1 << bit,
            (true, 0) => 0b1_0101,
            (true, _) => 0b0_1010,
        };
        self.state.readers[at].phase = Phase::Reading(reading);
    }

    /// The answer has come.
    pub(super) fn answer_read(&mut self, at: usize, is_lost: bool) {
        let Phase::Reading(reading) = self.state.readers[at].phase else { return };
        let (is, dependencies) = (self.config.readers[at], reading.dependencies);
        let marks = if is_lost { None } else { self.observe(is.node, dependencies, &reading.sent, &reading.metas) };
        if let Some((slot, stamps)) = reading.about {
            let is_same = reading.entry.map(|entry| entry.identity) == slot.identity || self.off.has(Ablation::Head);
            match marks {
                Some(marks) if is_same && self.valid(&reading, &stamps) => self.keep(at, slot, dependencies, marks),
                _ => self.ask(at, is.dependencies, None),
            }
            return;
        }
        let Some((marks, entry)) = marks.zip(reading.entry) else { return self.miss(at) };
        let unknown = entry.lists & !dependencies;
        let has_asked_twice = dependencies != is.dependencies;
        if unknown != 0 && !has_asked_twice {
            return self.ask(at, dependencies | unknown, None);
        }
        if unknown != 0 || !self.valid(&reading, &entry.stamps) {
            return self.miss(at);
        }
        self.keep(at, slot_of(entry), dependencies, marks);
    }

    fn valid(&self, reading: &Reading, stamps: &[Stamp]) -> bool {
        self.is_valid(stamps, reading.dependencies, &reading.metas, &reading.generations)
    }

    /// The store's word is good: memory keeps it, those who wait get it.
    fn keep(&mut self, at: usize, slot: Slot, dependencies: u8, marks: [Mark; PARTITIONS]) {
        let slot = Slot { dependencies, marks, ..slot };
        if self.config.has_memory {
            self.state.nodes[self.config.readers[at].node].slot = Some(slot);
        }
        self.land(at, self.found(slot, self.state.readers[at].moment, true));
        self.finish(at, slot.version, true);
    }

    fn miss(&mut self, at: usize) {
        match self.config.readers[at].loads {
            true => self.start_begin(at),
            false => {
                self.said = Said::Misses;
                self.state.readers[at] = Reader::default();
            }
        }
    }
}

fn slot_of(entry: Entry) -> Slot {
    Slot {
        version: entry.version,
        marks: Default::default(),
        dependencies: 0,
        identity: Some(entry.identity),
        ends: None,
    }
}

/// What a part of a read is called.
pub(super) fn part_name(bit: u8) -> &'static str {
    ["the meta", "the meta of partition 1", "the generations", "the generations of partition 1", "the entry"]
        [usize::from(bit)]
}

/// The parts that a read with these dependencies consists of, all taken.
pub(super) fn whole(partitions: impl Iterator<Item = usize>) -> u8 {
    let of_all: u8 = partitions.map(|partition| 0b101 << partition).fold(0, |all, of| all | of);
    of_all | 1 << ENTRY
}

/// The names of dependencies, for those who read a trace.
pub(super) fn named(names: u8) -> String {
    let name = |at: usize| ["a", "b", "the key"][at];
    bits(names).map(name).collect::<Vec<_>>().join(", ")
}
