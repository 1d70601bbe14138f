//! Loads that are shared: who leads, who follows, and who may have what a flight lands with. Section 7 of
//! `docs/protocol.md`.

use super::ablation::Ablation;
use super::known::Mark;
use super::state::{PARTITIONS, Phase, Reader};
use super::store::bits;
use super::world::{Broken, Said, World};

/// What a flight lands with.
#[derive(Clone, Copy)]
pub(super) struct Landing {
    pub(super) version: u8,
    /// The dependencies it was checked for; none if it was loaded.
    pub(super) checked: Option<u8>,
    pub(super) marks: [Mark; PARTITIONS],
    /// Since when it is known to hold; and whether the leader found out by asking or beginning.
    pub(super) known: u8,
    pub(super) is_asked: bool,
}

impl World<'_> {
    /// Joins the flight that is under way, or leads a new one.
    pub(super) fn board(&mut self, at: usize) {
        let is = self.config.readers[at];
        if !is.loads {
            return self.look(at);
        }
        if let Some(leader) = self.state.nodes[is.node].flight {
            let begun = self.state.readers[usize::from(leader)].begun;
            if begun.is_none_or(|begun| self.is_covered(at, &begun)) {
                self.state.readers[at].phase = Phase::Following { leader, is_before: false };
                self.said = Said::Joins(leader);
                return;
            }
        }
        self.state.nodes[is.node].flight = Some(at as u8);
        self.look(at);
    }

    /// Whether something from the moments `marks` may be given to a reader, by what it knew when it arrived.
    fn is_covered(&self, at: usize, marks: &[Mark; PARTITIONS]) -> bool {
        let known = &self.state.readers[at].known;
        let mut involved = self.config.involved(self.config.readers[at].dependencies);
        self.off.has(Ablation::JoinerMarks) || involved.all(|partition| known[partition] <= marks[partition])
    }

    /// A leader asks or begins: those who wait arrived before.
    pub(super) fn take_moment(&mut self, at: usize) {
        self.state.readers[at].moment = self.state.now;
        for reader in &mut self.state.readers {
            if let Phase::Following { leader, is_before } = &mut reader.phase {
                *is_before |= usize::from(*leader) == at;
            }
        }
    }

    /// Gives those who wait what landed, where they may have it; the others look anew.
    pub(super) fn land(&mut self, at: usize, landing: Landing) {
        let node = &mut self.state.nodes[self.config.readers[at].node];
        if node.flight == Some(at as u8) {
            node.flight = None;
        }
        for follower in 0..self.config.readers.len() {
            let reader = self.state.readers[follower];
            let Phase::Following { leader, is_before } = reader.phase else { continue };
            if usize::from(leader) != at {
                continue;
            }
            let in_time = match reader.is_strong {
                true => is_before && landing.is_asked,
                false => reader.arrived < landing.known + self.config.delta || self.off.has(Ablation::JoinerTimes),
            };
            let dependencies = self.config.readers[follower].dependencies;
            let is_checked = landing.checked.is_none_or(|checked| dependencies & !checked == 0);
            if in_time && is_checked && self.is_covered(follower, &landing.marks) {
                self.finish(follower, landing.version, false);
            } else {
                self.state.readers[follower].phase = Phase::Boarding;
            }
        }
    }

    /// A call ends. What it asked for itself has to be right at once.
    pub(super) fn finish(&mut self, at: usize, version: u8, has_asked: bool) {
        let reader = &self.state.readers[at];
        let due = if has_asked { reader.newest.max(reader.must) } else { reader.must };
        if version < due {
            self.broken = Some(Broken { reader: at, given: version, due });
        }
        self.said = Said::Returns(version);
        self.state.readers[at] = Reader::default();
    }

    /// The caller that leads gives up: one of those who wait takes over.
    pub(super) fn give_up(&mut self, at: usize, heir: Option<usize>) {
        self.state.readers[at] = Reader::default();
        let node = self.config.readers[at].node;
        let is_found = self.state.nodes[node].flight == Some(at as u8);
        if is_found {
            self.state.nodes[node].flight = heir.map(|heir| heir as u8);
        }
        let Some(heir) = heir else { return };
        for reader in &mut self.state.readers {
            if let Phase::Following { leader, is_before } = &mut reader.phase
                && usize::from(*leader) == at
            {
                (*leader, *is_before) = (heir as u8, false);
            }
        }
        self.look(heir);
    }

    /// Those who wait for a leader.
    pub(super) fn followers(&self, leader: usize) -> impl Iterator<Item = usize> + use<> {
        let follows = |at: usize| matches!(self.state.readers[at].phase, Phase::Following { leader: of, .. } if usize::from(of) == leader);
        let set: u8 = (0..self.config.readers.len()).filter(|at| follows(*at)).map(|at| 1 << at).sum();
        bits(set)
    }
}
