//! The worlds that are explored.

use super::config::{
    A, B, BOTH, Config, Demand, Kind, PLAIN, Parts, ReaderIs, bump, eventual, of_both, reads, strong, writer,
};
use super::state::Left;

/// Small enough for every run of the tests.
pub const QUICK: &[Config] = &[
    Config {
        name: "strong",
        about: "strong reads on two nodes, two writers",
        readers: &[strong(0), strong(1)],
        writers: &[bump(0), bump(1)],
        left: reads(2),
        ..PLAIN
    },
    Config {
        name: "strong-parts",
        about: "strong reads without memory, every part of another moment, in any order",
        readers: &[strong(0), strong(1)],
        writers: &[bump(0)],
        parts: Parts::Unordered,
        has_memory: false,
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "flights",
        about: "three readers of one node share loads",
        nodes: 1,
        readers: &[eventual(0), eventual(0), eventual(0)],
        writers: &[bump(0)],
        left: reads(4),
        ..PLAIN
    },
    Config {
        name: "joined",
        about: "two readers share loads, another node writes, and time passes",
        readers: &[eventual(0), eventual(0)],
        writers: &[bump(1)],
        delta: 2,
        ticks: 4,
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "memory",
        about: "two nodes with memory, no messages, both write",
        readers: &[eventual(0), eventual(1)],
        writers: &[bump(0), bump(1)],
        ticks: 1,
        warm: &[0],
        left: reads(2),
        ..PLAIN
    },
    Config {
        name: "messages",
        about: "one node hears, the other bumps two dependencies; messages are lost, and come in any order",
        readers: &[eventual(0)],
        writers: &[bump(1), writer(1, Kind::Emit(B))],
        listening: [true, false],
        ticks: 1,
        warm: &[0],
        left: Left { beats: 1, ..reads(1) },
        ..PLAIN
    },
    Config {
        name: "late-messages",
        about: "the node that hears writes too, messages come late and twice",
        readers: &[eventual(0)],
        writers: &[bump(0), bump(1)],
        listening: [true, false],
        warm: &[0],
        left: Left { duplicates: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "partitions",
        about: "an entry of two partitions, bumped in both by one event",
        partitions: 2,
        readers: &[of_both(eventual(0)), of_both(strong(1))],
        writers: &[writer(1, Kind::Emit(BOTH))],
        ticks: 1,
        warm: &[0],
        left: reads(2),
        ..PLAIN
    },
    Config {
        name: "two-tags",
        about: "an entry of two partitions, each bumped by a writer of its own",
        partitions: 2,
        readers: &[of_both(eventual(0)), of_both(eventual(0))],
        writers: &[writer(0, Kind::Emit(A)), writer(0, Kind::Emit(B))],
        nodes: 1,
        warm: &[0],
        left: reads(2),
        ..PLAIN
    },
    Config {
        name: "removal",
        about: "a key is removed while it is loaded",
        nodes: 1,
        readers: &[eventual(0), eventual(0)],
        writers: &[writer(0, Kind::Remove)],
        parts: Parts::MetaFirst,
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "removal-elsewhere",
        about: "a key is removed by another node, while this one hears messages",
        readers: &[eventual(0)],
        writers: &[writer(1, Kind::Remove)],
        listening: [true, false],
        parts: Parts::MetaFirst,
        ticks: 2,
        warm: &[0],
        left: Left { beats: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "set",
        about: "a key is set to what was written",
        readers: &[eventual(0), eventual(1)],
        writers: &[writer(1, Kind::Set(A))],
        parts: Parts::MetaFirst,
        ticks: 2,
        warm: &[0],
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "evictions",
        about: "the store and the memory lose what they like, twice",
        readers: &[eventual(0), strong(1)],
        writers: &[bump(0)],
        warm: &[0],
        left: Left { evictions: 2, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "failover",
        about: "a replica that lags takes over",
        readers: &[eventual(0), strong(1)],
        writers: &[bump(0)],
        ticks: 1,
        warm: &[0],
        left: Left { snapshots: 1, failovers: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "outlived",
        about: "a connection outlives a failover, after which another node adopts at once",
        readers: &[eventual(0), strong(1)],
        writers: &[bump(0)],
        outlives: [true, true],
        adopts: true,
        warm: &[0],
        left: Left { snapshots: 1, failovers: 2, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "clears",
        about: "somebody clears the cache while bumps and reads are under way",
        readers: &[eventual(0), strong(0), eventual(1)],
        writers: &[bump(0)],
        warm: &[2],
        left: Left { clears: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "clears-heard",
        about: "somebody clears the cache, and a node hears of it or does not",
        readers: &[eventual(0), eventual(0)],
        writers: &[bump(1)],
        listening: [true, false],
        ticks: 1,
        warm: &[0],
        left: Left { clears: 1, beats: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "failures",
        about: "answers are lost, callers give up, bumps are sent twice",
        readers: &[eventual(0), eventual(0)],
        writers: &[bump(0)],
        ticks: 1,
        warm: &[0],
        left: Left { losses: 1, repeats: 1, deaths: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "own-bumps",
        about: "a bump of this node and one of another are under way together",
        readers: &[eventual(0), eventual(0)],
        writers: &[bump(0), bump(1)],
        ticks: 1,
        warm: &[0],
        left: reads(2),
        ..PLAIN
    },
    Config {
        name: "crash",
        about: "a node that hears dies and starts anew, or is deaf for a while",
        readers: &[eventual(0)],
        writers: &[bump(1)],
        listening: [true, false],
        ticks: 1,
        warm: &[0],
        left: Left { crashes: 1, feeds: 1, beats: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "token",
        about: "a read with the token of an acknowledgement, beside another",
        readers: &[ReaderIs { demand: Demand::After(0), ..eventual(0) }, eventual(0)],
        writers: &[bump(1)],
        listening: [true, false],
        ticks: 1,
        warm: &[1],
        left: Left { beats: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "by-hand",
        about: "one reads by hand, without the dependencies",
        readers: &[eventual(0), ReaderIs { dependencies: 0, loads: false, ..eventual(1) }],
        writers: &[bump(0)],
        ticks: 2,
        warm: &[0],
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "guarded",
        about: "two writers announce what they write",
        readers: &[strong(0), strong(0)],
        nodes: 1,
        writers: &[writer(0, Kind::Guarded(A)), writer(0, Kind::Guarded(A))],
        left: reads(2),
        ..PLAIN
    },
    Config {
        name: "guarded-deaths",
        about: "a writer who has announced dies at any point, on another node or on this one",
        readers: &[eventual(0), strong(1)],
        writers: &[writer(1, Kind::Guarded(A))],
        ticks: 2,
        warm: &[0],
        left: Left { deaths: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "guarded-failures",
        about: "a write is announced while answers are lost, and what nothing vouches for lives no longer than the bound",
        readers: &[eventual(0), strong(0)],
        writers: &[writer(1, Kind::Guarded(A))],
        ticks: 2,
        bounds_unvouched: true,
        left: Left { losses: 1, ..reads(3) },
        ..PLAIN
    },
];
