//! Worlds that take minutes, and worlds in which the protocol is known not to hold.

use super::config::{
    A, B, BOTH, Config, Demand, Kind, PLAIN, Parts, ReaderIs, bump, eventual, of_both, reads, strong, writer,
};
use super::state::Left;

/// What is explored besides, when there is time.
pub const LARGE: &[Config] = &[
    Config {
        name: "strong-large",
        about: "strong reads on two nodes, two writers, three reads",
        readers: &[strong(0), strong(0), strong(1)],
        writers: &[bump(0), bump(1)],
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "strong-failover",
        about: "strong reads, two writers, and a replica that lags takes over",
        readers: &[strong(0), strong(1)],
        writers: &[bump(0), bump(1)],
        left: Left { snapshots: 1, failovers: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "strong-evictions",
        about: "strong reads, one writer, a failover and an eviction",
        readers: &[strong(0), strong(1)],
        writers: &[bump(0)],
        left: Left { snapshots: 1, failovers: 1, evictions: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "flights-large",
        about: "three readers of one node, two writers",
        nodes: 1,
        readers: &[eventual(0), eventual(0), eventual(0)],
        writers: &[bump(0), bump(0)],
        ticks: 1,
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "memory-large",
        about: "two nodes with memory, no messages, both write",
        readers: &[eventual(0), eventual(1)],
        writers: &[bump(0), bump(1)],
        ticks: 2,
        warm: &[0],
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "messages-large",
        about: "one node hears, the other bumps two dependencies; messages are lost, doubled, and come in any order",
        readers: &[eventual(0)],
        writers: &[bump(1), writer(1, Kind::Emit(B))],
        listening: [true, false],
        ticks: 2,
        warm: &[0],
        left: Left { beats: 2, duplicates: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "both-write",
        about: "a node that hears writes, another writes too",
        readers: &[eventual(0)],
        writers: &[bump(0), bump(1)],
        listening: [true, false],
        ticks: 2,
        warm: &[0],
        left: Left { beats: 1, duplicates: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "partitions-failover",
        about: "an entry of two partitions, and a failover of each",
        partitions: 2,
        readers: &[of_both(eventual(0)), of_both(strong(1))],
        writers: &[writer(1, Kind::Emit(BOTH))],
        warm: &[0],
        left: Left { snapshots: 2, failovers: 2, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "two-tags-large",
        about: "an entry of two partitions, each bumped by another node",
        partitions: 2,
        readers: &[of_both(eventual(0)), of_both(strong(1))],
        writers: &[writer(0, Kind::Emit(A)), writer(1, Kind::Emit(B))],
        ticks: 1,
        warm: &[0],
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "removal-large",
        about: "a key is removed by one node and bumped by another",
        readers: &[eventual(0), eventual(1)],
        writers: &[writer(1, Kind::Remove), bump(0)],
        parts: Parts::MetaFirst,
        ticks: 1,
        warm: &[0],
        left: reads(3),
        ..PLAIN
    },
    Config {
        name: "evictions-large",
        about: "the store and the memory lose what they like, twice, while time passes",
        readers: &[eventual(0), strong(1)],
        writers: &[bump(0)],
        ticks: 1,
        warm: &[0],
        left: Left { evictions: 2, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "failures-large",
        about: "answers are lost, callers give up, bumps are sent twice, both nodes write",
        readers: &[eventual(0), eventual(0)],
        writers: &[bump(0), bump(1)],
        ticks: 1,
        warm: &[0],
        left: Left { losses: 1, repeats: 1, deaths: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "guarded-large",
        about: "two writers announce what they write and one may die at any point",
        readers: &[strong(0), eventual(1)],
        writers: &[writer(0, Kind::Guarded(A)), writer(1, Kind::Guarded(A))],
        warm: &[0],
        left: Left { deaths: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "heard-failover",
        about: "a replica that lags takes over, under a node that hears messages",
        readers: &[eventual(0), eventual(0)],
        writers: &[bump(1)],
        listening: [true, false],
        ticks: 1,
        warm: &[0],
        left: Left { snapshots: 1, failovers: 1, beats: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "heard-clears",
        about: "somebody clears the cache, a node that hears writes, and another does",
        readers: &[eventual(0)],
        writers: &[bump(0), bump(1)],
        listening: [true, false],
        ticks: 1,
        warm: &[0],
        left: Left { clears: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "set-failures",
        about: "a key is set, answers are lost, callers give up",
        readers: &[eventual(0), eventual(1)],
        writers: &[writer(1, Kind::Set(A))],
        parts: Parts::MetaFirst,
        ticks: 1,
        warm: &[0],
        left: Left { losses: 2, evictions: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "removal-failures",
        about: "a key is removed, twice if need be, answers are lost and things are evicted",
        readers: &[eventual(0), eventual(0)],
        writers: &[writer(0, Kind::Remove)],
        parts: Parts::MetaFirst,
        ticks: 1,
        warm: &[0],
        left: Left { losses: 1, repeats: 1, evictions: 1, ..reads(3) },
        ..PLAIN
    },
    Config {
        name: "guarded-partitions",
        about: "a write to two partitions is announced, and its writer may die",
        partitions: 2,
        readers: &[of_both(strong(0)), of_both(eventual(1))],
        writers: &[writer(1, Kind::Guarded(BOTH))],
        ticks: 1,
        warm: &[0],
        left: Left { deaths: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "guarded-heard",
        about: "a writer who has announced may die, and another node hears of it or does not",
        readers: &[eventual(0)],
        writers: &[writer(1, Kind::Guarded(A))],
        listening: [true, false],
        ticks: 2,
        warm: &[0],
        left: Left { deaths: 1, beats: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "heirs",
        about: "three readers share loads whose leaders give up",
        nodes: 1,
        readers: &[eventual(0), eventual(0), eventual(0)],
        writers: &[bump(0)],
        ticks: 1,
        left: Left { losses: 2, ..reads(4) },
        ..PLAIN
    },
    Config {
        name: "token-failover",
        about: "a token of before a failover",
        readers: &[ReaderIs { demand: Demand::After(0), ..eventual(0) }, eventual(0)],
        writers: &[bump(1)],
        ticks: 1,
        warm: &[1],
        left: Left { snapshots: 1, failovers: 1, ..reads(3) },
        ..PLAIN
    },
];

/// The limits that the protocol states, and what it does not cover: each is expected to be violated.
pub const LIMITS: &[Config] = &[
    Config {
        name: "announcement-lost",
        about: "a failover loses an announcement, and the writer dies before it settles",
        readers: &[strong(0)],
        nodes: 1,
        writers: &[writer(0, Kind::Guarded(A))],
        warm: &[0],
        left: Left { snapshots: 1, failovers: 1, deaths: 1, ..reads(2) },
        ..PLAIN
    },
    Config {
        name: "outlived-alone",
        about: "a connection outlives a failover that lost a bump, and no node connects anew",
        readers: &[strong(0)],
        nodes: 1,
        writers: &[bump(0)],
        outlives: [true, false],
        warm: &[0],
        left: Left { snapshots: 1, failovers: 1, ..reads(1) },
        ..PLAIN
    },
    Config {
        name: "unvouched",
        about: "the answer to a begin is lost while a write is announced, and its writer dies",
        readers: &[eventual(0), strong(0)],
        writers: &[writer(1, Kind::Guarded(A))],
        ticks: 1,
        left: Left { losses: 1, ..reads(3) },
        ..PLAIN
    },
];
