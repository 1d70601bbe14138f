//! What is in the model: the store, the row it caches, nodes with their memory, readers, writers, and what is left of
//! each kind of misfortune.
//!
//! There is one key, in partition 0, and two dependencies. Names of epochs, fences and entries are small numbers.

use super::known::{Departure, Known, Mark};

pub(super) const PARTITIONS: usize = 2;
pub(super) const NODES: usize = 2;
pub(super) const READERS: usize = 3;
pub(super) const WRITERS: usize = 2;
pub(super) const DEPENDENCIES: usize = 2;
/// The place of the key among the cells, after the dependencies.
pub(super) const KEY: usize = 2;
pub(super) const NAMES: usize = 3;
const MESSAGES: usize = 6;

/// A moment of a partition's history in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub(super) struct Stamp {
    pub(super) epoch: u8,
    pub(super) seq: u8,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct State {
    pub(super) now: u8,
    /// The row in the database.
    pub(super) row: u8,
    pub(super) servers: [Server; PARTITIONS],
    pub(super) nodes: [Node; NODES],
    pub(super) readers: [Reader; READERS],
    pub(super) writers: [Writer; WRITERS],
    pub(super) left: Left,
    pub(super) places: Places,
}

/// Who runs on which node, and which name is in which partition: the same in all states of an exploration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Places {
    pub(super) readers: [usize; READERS],
    pub(super) writers: [usize; WRITERS],
    pub(super) names: [usize; NAMES],
}

/// How often what may happen only so often still may.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Left {
    pub(super) reads: u8,
    pub(super) evictions: u8,
    pub(super) snapshots: u8,
    pub(super) failovers: u8,
    pub(super) clears: u8,
    pub(super) losses: u8,
    pub(super) deaths: u8,
    pub(super) crashes: u8,
    pub(super) repeats: u8,
    pub(super) duplicates: u8,
    pub(super) beats: u8,
    pub(super) feeds: u8,
}

/// The server of one partition, and a replica that lags behind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Server {
    pub(super) incarnation: u8,
    pub(super) held: Held,
    pub(super) replica: Held,
}

/// What stands in one partition. Entry and fence are those of the key, hence in partition 0 only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Held {
    pub(super) meta: Option<Meta>,
    pub(super) generations: [Option<Stamp>; DEPENDENCIES],
    /// The writers that have announced, a bit each.
    pub(super) announced: [u8; DEPENDENCIES],
    pub(super) entry: Option<Entry>,
    pub(super) fence: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Meta {
    pub(super) now: Stamp,
    pub(super) incarnation: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Entry {
    pub(super) version: u8,
    pub(super) stamps: [Stamp; PARTITIONS],
    pub(super) identity: u8,
    /// The dependencies that it lists, a bit each.
    pub(super) lists: u8,
}

#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Node {
    pub(super) known: [Known; PARTITIONS],
    pub(super) cells: [Mark; NAMES],
    pub(super) slot: Option<Slot>,
    /// The reader whose flight a newcomer finds.
    pub(super) flight: Option<u8>,
    /// The incarnation that the connection to each server was made to; 0 if there is no connection.
    pub(super) links: [u8; PARTITIONS],
    pub(super) inbox: Inbox,
    pub(super) beats: [Option<Beat>; PARTITIONS],
}

/// An entry in a node's memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Slot {
    pub(super) version: u8,
    pub(super) marks: [Mark; PARTITIONS],
    pub(super) dependencies: u8,
    /// The store's entry that vouches for it; none if nothing does.
    pub(super) identity: Option<u8>,
    /// When it ends, if it has no more than the bound to live.
    pub(super) ends: Option<u8>,
}

/// A question of the heartbeat.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Beat {
    pub(super) sent: Departure,
    pub(super) answer: Option<Option<Stamp>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub(super) struct Message {
    pub(super) partition: u8,
    pub(super) stamp: Stamp,
    /// A bit for each name in it.
    pub(super) names: u8,
}

/// Messages on their way to a node, in no order. One that is lost is one that never arrives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Inbox {
    messages: [Message; MESSAGES],
    count: u8,
}

impl Inbox {
    pub(super) fn all(&self) -> &[Message] {
        &self.messages[..usize::from(self.count)]
    }

    pub(super) fn push(&mut self, message: Message) {
        let count = usize::from(self.count);
        assert!(count < MESSAGES, "no configuration has so many messages");
        self.messages[count] = message;
        self.count += 1;
        self.messages[..=count].sort_unstable();
    }

    pub(super) fn take(&mut self, at: usize) -> Message {
        let message = self.messages[at];
        self.count -= 1;
        let count = usize::from(self.count);
        self.messages[at..=count].rotate_left(1);
        self.messages[count] = Message::default();
        message
    }

    pub(super) fn epochs(&mut self) -> impl Iterator<Item = &mut u8> {
        let count = usize::from(self.count);
        self.messages[..count].iter_mut().map(|message| &mut message.stamp.epoch)
    }

    pub(super) fn sort(&mut self) {
        self.messages[..usize::from(self.count)].sort_unstable();
    }
}

/// A call of the cached function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Reader {
    pub(super) phase: Phase,
    /// What it knew when it arrived, and when that was.
    pub(super) known: [Mark; PARTITIONS],
    pub(super) arrived: u8,
    /// The oldest version that it may be given, and the oldest that its own question or load may bring.
    pub(super) must: u8,
    pub(super) newest: u8,
    /// Whether it has to be given something that was found out after it arrived.
    pub(super) is_strong: bool,
    /// Of a leader: the marks of its begin, and when it last asked or began.
    pub(super) begun: Option<[Mark; PARTITIONS]>,
    pub(super) moment: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) enum Phase {
    #[default]
    Idle,
    /// It landed with nothing for this caller, or its leader is gone: looks for a flight anew.
    Boarding,
    /// `is_before`: whether the leader has asked or begun since this caller arrived.
    Following {
        leader: u8,
        is_before: bool,
    },
    Reading(Reading),
    Beginning(Beginning),
    /// The load has begun and has not seen the row yet.
    Loading(Option<Begun>),
    /// It has seen the row; the commit is on its way.
    Committing(Begun, u8),
    /// The store has answered, or has no part in it. None: it may be kept nowhere.
    Committed {
        version: u8,
        kept: Option<Kept>,
    },
    /// Memory has it; those who wait do not.
    Inserted(u8),
}

/// What vouches for a loaded value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Kept {
    Entry(u8),
    Nothing,
}

/// A read of the store, part by part.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Reading {
    pub(super) dependencies: u8,
    pub(super) sent: [Departure; PARTITIONS],
    /// The parts that were taken: a bit each for metas, generations by partition, and the entry.
    pub(super) taken: u8,
    pub(super) metas: [Option<Stamp>; PARTITIONS],
    pub(super) generations: [Option<Stamp>; DEPENDENCIES],
    pub(super) entry: Option<Entry>,
    /// The entry in memory that is asked about, with its stamps.
    pub(super) about: Option<(Slot, [Stamp; PARTITIONS])>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Beginning {
    pub(super) sent: [Departure; PARTITIONS],
    pub(super) stamps: [Option<Stamp>; PARTITIONS],
    pub(super) fence: u8,
    pub(super) is_dirty: bool,
}

/// What begin returned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Begun {
    pub(super) stamps: [Stamp; PARTITIONS],
    pub(super) fence: u8,
    pub(super) is_dirty: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Writer {
    pub(super) phase: Writing,
    pub(super) version: u8,
    /// When the database took it.
    pub(super) committed: u8,
    /// The stamps of its invalidation.
    pub(super) token: [Option<Stamp>; PARTITIONS],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) enum Writing {
    #[default]
    Idle,
    Announcing(Sent),
    Announced,
    Written,
    /// Of one that sets: the begin that gives the value its stamps.
    Stamping(Beginning),
    Stamped(Begun),
    Invalidating(Sent, Begun),
    Acknowledged {
        at: u8,
    },
    Dead,
}

/// An invalidation on its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Sent {
    pub(super) sent: [Departure; PARTITIONS],
    pub(super) answers: [Option<Stamp>; PARTITIONS],
}
