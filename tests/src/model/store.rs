//! The store's operations in one partition: section 4 of `docs/protocol.md`.
//!
//! Each is atomic here, as it is there. A node without a connection connects and adopts in the same step.

use super::ablation::Ablation;
use super::names::{fresh_epoch, fresh_fence, fresh_identity};
use super::state::{Begun, DEPENDENCIES, Entry, Held, KEY, Message, Meta, NODES, Stamp};
use super::world::World;

impl World<'_> {
    /// The connection of a node to a partition's server, made if there is none; returns the incarnation it was made to.
    pub(super) fn link(&mut self, node: usize, partition: usize) -> u8 {
        let incarnation = self.state.servers[partition].incarnation;
        let meta = self.held(partition).meta;
        let linked = self.state.nodes[node].links[partition];
        let is_foreign = linked != 0 && meta.is_some_and(|meta| meta.incarnation != linked);
        if linked != 0 && (!is_foreign || self.off.has(Ablation::Incarnation)) {
            return linked;
        }
        self.state.nodes[node].links[partition] = incarnation;
        match meta {
            Some(meta) if meta.incarnation == incarnation => {}
            Some(meta) if self.off.has(Ablation::Adopt) => {
                self.held(partition).meta = Some(Meta { incarnation, ..meta });
            }
            _ => self.begin_epoch(partition, incarnation),
        }
        incarnation
    }

    /// What a script finds: the history that is there, or a new one.
    fn guarded(&mut self, node: usize, partition: usize) -> Meta {
        let incarnation = self.link(node, partition);
        if self.held(partition).meta.is_none() {
            self.begin_epoch(partition, incarnation);
        }
        let meta = self.held(partition).meta.expect("it has just begun");
        Meta { incarnation, ..meta }
    }

    pub(super) fn begin_epoch(&mut self, partition: usize, incarnation: u8) {
        let epoch = if self.off.has(Ablation::NewEpoch) { 1 } else { fresh_epoch(&self.state) };
        let now = Stamp { epoch, seq: 0 };
        self.held(partition).meta = Some(Meta { now, incarnation });
        self.publish(partition, now, 0);
    }

    fn publish(&mut self, partition: usize, stamp: Stamp, names: u8) {
        let message = Message { partition: partition as u8, stamp, names };
        for node in 0..NODES {
            if self.state.nodes[node].known[partition].is_listening {
                self.state.nodes[node].inbox.push(message);
            }
        }
    }

    /// Takes a step, which the message tells of.
    fn step(&mut self, partition: usize, meta: Meta, names: u8) -> Stamp {
        let now = Stamp { epoch: meta.now.epoch, seq: meta.now.seq + 1 };
        self.held(partition).meta = Some(Meta { now, ..meta });
        self.publish(partition, now, names);
        now
    }

    /// The stamp of the partition, a fence, and whether something is being written.
    pub(super) fn begin(&mut self, node: usize, partition: usize, dependencies: u8) -> (Stamp, u8, bool) {
        let now = self.guarded(node, partition).now;
        let here = self.names_in(partition, dependencies);
        let off = self.off;
        let held = self.held(partition);
        if bits(here).any(|name| held.announced[name] != 0) && !off.has(Ablation::DirtyLoad) {
            return (now, 0, true);
        }
        for name in bits(here) {
            held.generations[name] = held.generations[name].filter(|at| at.epoch == now.epoch).or(Some(now));
        }
        if partition != 0 {
            return (now, 0, false);
        }
        let fence = held.fence.unwrap_or_else(|| fresh_fence(&self.state));
        self.held(0).fence = Some(fence);
        (now, fence, false)
    }

    /// The identity of the entry, or none if it was refused.
    pub(super) fn commit(&mut self, node: usize, begun: Begun, version: u8, lists: u8) -> Option<u8> {
        let now = self.guarded(node, 0).now;
        let here = self.names_in(0, lists);
        let entry = Entry {
            version,
            stamps: self.stamped(begun.stamps),
            identity: fresh_identity(&self.state),
            lists: if self.off.has(Ablation::Lists) { 0 } else { lists },
        };
        let held = self.held(0);
        let covered = |name: usize| held.generations[name].is_some_and(|at| covers(entry.stamps[0], at));
        if entry.stamps[0].epoch != now.epoch || held.fence != Some(begun.fence) || !bits(here).all(covered) {
            return None;
        }
        held.entry = Some(entry);
        held.fence = None;
        Some(entry.identity)
    }

    pub(super) fn put(&mut self, node: usize, begun: Begun, version: u8, lists: u8) -> Stamp {
        let meta = self.guarded(node, 0);
        let identity = fresh_identity(&self.state);
        let held = self.held(0);
        held.fence = None;
        held.entry = Some(Entry { version, stamps: begun.stamps, identity, lists });
        self.step(0, meta, 1 << KEY)
    }

    pub(super) fn remove(&mut self, node: usize) -> Stamp {
        let meta = self.guarded(node, 0);
        let keeps_fence = self.off.has(Ablation::FenceOnRemoval);
        let held = self.held(0);
        held.entry = None;
        if !keeps_fence {
            held.fence = None;
        }
        self.step(0, meta, 1 << KEY)
    }

    pub(super) fn bump(&mut self, node: usize, partition: usize, dependencies: u8) -> Stamp {
        let meta = self.guarded(node, partition);
        let here = self.names_in(partition, dependencies);
        let now = self.step(partition, meta, here);
        let deletes = self.off.has(Ablation::CheckAtRead);
        let held = self.held(partition);
        for name in bits(here).filter(|name| *name < DEPENDENCIES) {
            held.generations[name] = held.generations[name].map(|_| now);
        }
        if deletes {
            (self.held(0).entry, self.held(0).fence) = (None, None);
        }
        now
    }

    pub(super) fn announce(&mut self, node: usize, partition: usize, dependencies: u8, writer: usize) -> Stamp {
        let meta = self.guarded(node, partition);
        let here = self.names_in(partition, dependencies);
        if !self.off.has(Ablation::Intent) {
            let held = self.held(partition);
            for name in bits(here) {
                held.generations[name] = None;
                held.announced[name] |= 1 << writer;
            }
        }
        self.step(partition, meta, here)
    }

    pub(super) fn settle(&mut self, node: usize, partition: usize, dependencies: u8, writer: usize) -> Stamp {
        let withdrawn = if self.off.has(Ablation::SettlesAll) { !0 } else { 1 << writer };
        for name in bits(self.names_in(partition, dependencies)) {
            self.held(partition).announced[name] &= !withdrawn;
        }
        self.bump(node, partition, dependencies)
    }

    /// The one rule: section 3.
    pub(super) fn is_valid(
        &self,
        stamps: &[Stamp],
        dependencies: u8,
        metas: &[Option<Stamp>],
        at: &[Option<Stamp>],
    ) -> bool {
        let of_epoch = |partition: usize| metas[partition].is_some_and(|now| now.epoch == stamps[partition].epoch);
        let covered = |name: usize| match at[name] {
            Some(generation) => covers(stamps[self.config.partition_of(name)], generation),
            None => self.off.has(Ablation::AbsentIsInvalid),
        };
        self.off.has(Ablation::CheckAtRead)
            || (self.config.involved(dependencies).all(of_epoch) && bits(dependencies).all(covered))
    }

    /// The stamps of an entry that is stored: those of its begin.
    fn stamped(&self, begun: [Stamp; 2]) -> [Stamp; 2] {
        if !self.off.has(Ablation::StampBeforeLoad) {
            return begun;
        }
        [0, 1].map(|partition| self.state.servers[partition].held.meta.map_or(begun[partition], |meta| meta.now))
    }

    fn names_in(&self, partition: usize, names: u8) -> u8 {
        bits(names).filter(|name| self.config.partition_of(*name) == partition).map(|name| 1 << name).sum()
    }

    pub(super) fn held(&mut self, partition: usize) -> &mut Held {
        &mut self.state.servers[partition].held
    }
}

fn covers(stamp: Stamp, generation: Stamp) -> bool {
    stamp.epoch == generation.epoch && generation.seq <= stamp.seq
}

/// The numbers of the bits that are set.
pub(super) fn bits(set: u8) -> impl Iterator<Item = usize> {
    (0..8).filter(move |bit| set & (1 << bit) != 0)
}
