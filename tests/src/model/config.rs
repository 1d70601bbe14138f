//! What an exploration is of: who takes part, what can go wrong, and how often.

use super::state::{DEPENDENCIES, KEY, Left, NODES};
use super::store::bits;

/// A world that is small enough to be explored to its end.
#[derive(Clone, Debug)]
pub struct Config {
    /// By which it is asked for.
    pub name: &'static str,
    /// What it is about, in a line.
    pub about: &'static str,
    pub(super) partitions: usize,
    pub(super) nodes: usize,
    pub(super) readers: &'static [ReaderIs],
    pub(super) writers: &'static [WriterIs],
    /// Whether a node hears messages.
    pub(super) listening: [bool; NODES],
    /// Whether a node's connections outlive a failover.
    pub(super) outlives: [bool; NODES],
    /// Whether a node that takes no part connects at once after a failover, and adopts.
    pub(super) adopts: bool,
    /// The bound, in ticks of the clock, and how many ticks there are.
    pub(super) delta: u8,
    pub(super) ticks: u8,
    pub(super) parts: Parts,
    pub(super) has_memory: bool,
    /// Whether what nothing vouches for is kept for the bound at most, counted from its begin; the code does not do that.
    pub(super) bounds_unvouched: bool,
    /// Readers that have called once before all begins.
    pub(super) warm: &'static [usize],
    pub(super) left: Left,
}

/// In what pieces a read is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parts {
    /// Each partition at one moment, in any order.
    Partitions,
    /// In each partition the meta first, then the generations, then the entry.
    MetaFirst,
    /// Each part at its own moment, in any order.
    Unordered,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ReaderIs {
    pub(super) node: usize,
    pub(super) demand: Demand,
    pub(super) dependencies: u8,
    /// Whether it loads what it does not find.
    pub(super) loads: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Demand {
    Eventual,
    Strong,
    /// With the token of this writer's acknowledgement.
    After(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct WriterIs {
    pub(super) node: usize,
    pub(super) kind: Kind,
}

/// How a writer invalidates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// These dependencies are bumped.
    Emit(u8),
    /// The key is removed.
    Remove,
    /// The key is set to what was written, with these dependencies.
    Set(u8),
    /// These dependencies are announced before the commit and settled after it.
    Guarded(u8),
}

impl WriterIs {
    pub(super) fn is_guarded(self) -> bool {
        matches!(self.kind, Kind::Guarded(_))
    }
}

impl Kind {
    /// Whether it ends an entry with these dependencies.
    pub(super) fn ends(self, dependencies: u8) -> bool {
        match self {
            Self::Emit(names) | Self::Guarded(names) => names & dependencies != 0,
            Self::Remove | Self::Set(_) => true,
        }
    }
}

impl Config {
    /// The first dependency is in the key's partition; the second is in the other, where there are two.
    pub(super) fn partition_of(&self, name: usize) -> usize {
        if name == KEY { 0 } else { name.min(self.partitions - 1) }
    }

    /// The partitions of an entry with these dependencies.
    pub(super) fn involved(&self, dependencies: u8) -> impl Iterator<Item = usize> + use<> {
        let has_second = self.partitions == 2 && dependencies & (1 << (DEPENDENCIES - 1)) != 0;
        bits(if has_second { 0b11 } else { 0b01 })
    }
}

pub(super) const A: u8 = 0b01;
pub(super) const B: u8 = 0b10;
pub(super) const BOTH: u8 = 0b11;

pub(super) const fn eventual(node: usize) -> ReaderIs {
    ReaderIs { node, demand: Demand::Eventual, dependencies: A, loads: true }
}

pub(super) const fn strong(node: usize) -> ReaderIs {
    ReaderIs { demand: Demand::Strong, ..eventual(node) }
}

pub(super) const fn writer(node: usize, kind: Kind) -> WriterIs {
    WriterIs { node, kind }
}

pub(super) const fn bump(node: usize) -> WriterIs {
    writer(node, Kind::Emit(A))
}

/// With a dependency in each partition.
pub(super) const fn of_both(reader: ReaderIs) -> ReaderIs {
    ReaderIs { dependencies: BOTH, ..reader }
}

const NONE_LEFT: Left = Left {
    reads: 0,
    evictions: 0,
    snapshots: 0,
    failovers: 0,
    clears: 0,
    losses: 0,
    deaths: 0,
    crashes: 0,
    repeats: 0,
    duplicates: 0,
    beats: 0,
    feeds: 0,
};

pub(super) const fn reads(reads: u8) -> Left {
    Left { reads, ..NONE_LEFT }
}

/// One partition, two nodes that hear nothing, and a bound of one tick.
pub(super) const PLAIN: Config = Config {
    name: "",
    about: "",
    partitions: 1,
    nodes: 2,
    readers: &[],
    writers: &[],
    listening: [false; 2],
    outlives: [false; 2],
    adopts: false,
    delta: 1,
    ticks: 0,
    parts: Parts::Partitions,
    has_memory: true,
    bounds_unvouched: false,
    warm: &[],
    left: NONE_LEFT,
};
