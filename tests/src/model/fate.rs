//! What nobody asks for: time, messages, heartbeats, evictions, failovers, crashes.

use super::known::Known;
use super::state::{Beat, Held, NODES, Node, PARTITIONS, Reader, Writing};
use super::world::World;

/// What can be evicted from the store, or from a node's memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Evicted {
    Meta(usize),
    Generation(usize),
    Entry,
    Fence,
    Slot(usize),
}

impl World<'_> {
    /// A node hears a message, which stays on its way if it is to be heard twice.
    pub(super) fn hear(&mut self, node: usize, at: usize, stays: bool) {
        let message = match stays {
            true => self.state.nodes[node].inbox.all()[at],
            false => self.state.nodes[node].inbox.take(at),
        };
        let (partition, when) = (usize::from(message.partition), self.when());
        let known = &self.state.nodes[node].known[partition];
        if known.epoch == message.stamp.epoch {
            let mark = super::known::Mark { ordinal: known.ordinal, seq: message.stamp.seq };
            self.raise(node, partition, message.names, mark);
        }
        self.state.nodes[node].known[partition].hear(message.stamp, when);
    }

    pub(super) fn send_beat(&mut self, node: usize, partition: usize) {
        let sent = self.state.nodes[node].known[partition].depart(self.state.now);
        self.state.nodes[node].beats[partition] = Some(Beat { sent, answer: None });
    }

    pub(super) fn perform_beat(&mut self, node: usize, partition: usize) {
        self.link(node, partition);
        let now = self.held(partition).meta.map(|meta| meta.now);
        if let Some(beat) = &mut self.state.nodes[node].beats[partition] {
            beat.answer = Some(now);
        }
    }

    pub(super) fn answer_beat(&mut self, node: usize, partition: usize) {
        let when = self.when();
        if let Some(Beat { sent, answer: Some(Some(stamp)) }) = self.state.nodes[node].beats[partition].take() {
            self.state.nodes[node].known[partition].beat(stamp, sent, when);
        }
    }

    pub(super) fn evict(&mut self, what: Evicted) {
        match what {
            Evicted::Meta(partition) => self.held(partition).meta = None,
            Evicted::Generation(name) => {
                let partition = self.config.partition_of(name);
                self.held(partition).generations[name] = None;
            }
            Evicted::Entry => self.held(0).entry = None,
            Evicted::Fence => self.held(0).fence = None,
            Evicted::Slot(node) => self.state.nodes[node].slot = None,
        }
    }

    /// Whether there is something to evict.
    pub(super) fn has(&self, what: Evicted) -> bool {
        let held = |partition: usize| &self.state.servers[partition].held;
        match what {
            Evicted::Meta(partition) => held(partition).meta.is_some(),
            Evicted::Generation(name) => held(self.config.partition_of(name)).generations[name].is_some(),
            Evicted::Entry => held(0).entry.is_some(),
            Evicted::Fence => held(0).fence.is_some(),
            Evicted::Slot(node) => self.state.nodes[node].slot.is_some(),
        }
    }

    /// The replica has everything up to now.
    pub(super) fn replicate(&mut self, partition: usize) {
        let server = &mut self.state.servers[partition];
        server.replica = server.held;
    }

    /// The replica takes over. Connections end, but for those of nodes that are said to keep theirs.
    pub(super) fn fail_over(&mut self, partition: usize) {
        let server = &mut self.state.servers[partition];
        server.incarnation += 1;
        server.held = server.replica;
        server.replica = Held::default();
        for node in (0..NODES).filter(|node| !self.config.outlives[*node]) {
            self.state.nodes[node].links[partition] = 0;
        }
        if self.config.adopts {
            self.clear(partition);
        }
    }

    /// Somebody else empties the cache: a new epoch.
    pub(super) fn clear(&mut self, partition: usize) {
        let incarnation = self.state.servers[partition].incarnation;
        self.begin_epoch(partition, incarnation);
    }

    /// What a writer who is dead has announced runs out.
    pub(super) fn forget_writer(&mut self, writer: usize) {
        for server in &mut self.state.servers {
            server.held.announced.iter_mut().for_each(|writers| *writers &= !(1 << writer));
        }
    }

    pub(super) fn has_announced(&self, writer: usize) -> bool {
        let announced = |server: &super::state::Server| server.held.announced.iter().any(|set| set & 1 << writer != 0);
        self.state.servers.iter().any(announced)
    }

    /// A node dies with all that runs on it, and starts anew.
    pub(super) fn crash(&mut self, node: usize) {
        let is_listening = self.config.listening[node];
        let known = [Known { is_listening, ..Known::default() }; PARTITIONS];
        self.state.nodes[node] = Node { known, ..Node::default() };
        for at in (0..self.config.readers.len()).filter(|at| self.config.readers[*at].node == node) {
            self.state.readers[at] = Reader::default();
        }
        for at in (0..self.config.writers.len()).filter(|at| self.config.writers[*at].node == node) {
            if !matches!(self.state.writers[at].phase, Writing::Idle | Writing::Acknowledged { .. }) {
                self.state.writers[at].phase = Writing::Dead;
            }
        }
    }

    /// A node begins to hear messages, or hears none any more; those on their way are lost then.
    pub(super) fn set_listening(&mut self, node: usize, is_listening: bool) {
        let node = &mut self.state.nodes[node];
        node.inbox = Default::default();
        node.known.iter_mut().for_each(|known| known.set_listening(is_listening));
    }
}
