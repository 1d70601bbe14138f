//! A load from its begin to its landing: `begin` of `cache/read.rs`, and `cache/write.rs`.

use super::flight::Landing;
use super::known::Trust;
use super::state::{Beginning, Begun, Kept, PARTITIONS, Phase, Slot, Stamp};
use super::world::{Said, World};

impl World<'_> {
    pub(super) fn start_begin(&mut self, at: usize) {
        let is = self.config.readers[at];
        let sent = self.depart(is.node, is.dependencies);
        self.state.readers[at].phase = Phase::Beginning(Beginning { sent, ..Beginning::default() });
        self.said = Said::Begins;
    }

    /// The store performs a begin in one partition.
    pub(super) fn begin_in(&mut self, node: usize, partition: usize, dependencies: u8, beginning: &mut Beginning) {
        let (stamp, fence, is_dirty) = self.begin(node, partition, dependencies);
        beginning.stamps[partition] = Some(stamp);
        beginning.is_dirty |= is_dirty;
        if partition == 0 {
            beginning.fence = fence;
        }
    }

    /// The answer has come, or never will: the load begins.
    pub(super) fn answer_begin(&mut self, at: usize, is_lost: bool) {
        let Phase::Beginning(beginning) = self.state.readers[at].phase else { return };
        let is = self.config.readers[at];
        let observed = match is_lost {
            true => None,
            false => self.observe(is.node, is.dependencies, &beginning.sent, &beginning.stamps),
        };
        let marks = observed.unwrap_or_else(|| [0, 1].map(|at: usize| self.state.nodes[is.node].known[at].here()));
        self.state.readers[at].begun = Some(marks);
        self.take_moment(at);
        self.state.readers[at].phase = Phase::Loading(observed.map(|_| begun_of(&beginning)));
    }

    /// The load sees the row, and its commit is sent.
    pub(super) fn see_row(&mut self, at: usize) {
        let Phase::Loading(begun) = self.state.readers[at].phase else { return };
        let version = self.state.row;
        self.state.readers[at].phase = match begun {
            None => Phase::Committed { version, kept: Some(Kept::Nothing) },
            Some(begun) if begun.is_dirty => Phase::Committed { version, kept: None },
            Some(begun) => Phase::Committing(begun, version),
        };
    }

    /// The store performs a commit.
    pub(super) fn perform_commit(&mut self, at: usize) {
        let Phase::Committing(begun, version) = self.state.readers[at].phase else { return };
        let is = self.config.readers[at];
        let kept = self.commit(is.node, begun, version, is.dependencies).map(Kept::Entry);
        self.state.readers[at].phase = Phase::Committed { version, kept };
    }

    /// It will never be known whether the commit was performed.
    pub(super) fn lose_commit(&mut self, at: usize) {
        if let Phase::Committing(_, version) | Phase::Committed { version, .. } = self.state.readers[at].phase {
            self.state.readers[at].phase = Phase::Committed { version, kept: Some(Kept::Nothing) };
        }
    }

    /// Memory takes what may be kept.
    pub(super) fn insert(&mut self, at: usize) {
        let Phase::Committed { version, kept } = self.state.readers[at].phase else { return };
        let is = self.config.readers[at];
        let marks = self.state.readers[at].begun.unwrap_or_default();
        if let Some(kept) = kept.filter(|_| self.config.has_memory) {
            let identity = match kept {
                Kept::Entry(identity) => Some(identity),
                Kept::Nothing => None,
            };
            let is_bounded = identity.is_none() && self.config.bounds_unvouched;
            let ends = is_bounded.then(|| self.state.readers[at].moment + self.config.delta);
            let slot = Slot { version, marks, dependencies: is.dependencies, identity, ends };
            match self.standing(is.node, &slot) {
                Trust::Lost => {}
                Trust::Doubtful if identity.is_none() => {}
                Trust::Doubtful | Trust::Sure => self.state.nodes[is.node].slot = Some(slot),
            }
        }
        self.state.readers[at].phase = Phase::Inserted(version);
    }

    /// The flight lands, and its leader's call ends.
    pub(super) fn land_load(&mut self, at: usize) {
        let Phase::Inserted(version) = self.state.readers[at].phase else { return };
        let reader = self.state.readers[at];
        let marks = reader.begun.unwrap_or_default();
        self.land(at, Landing { version, checked: None, marks, known: reader.moment, is_asked: true });
        self.finish(at, version, true);
    }
}

pub(super) fn begun_of(beginning: &Beginning) -> Begun {
    let mut stamps = [Stamp::default(); PARTITIONS];
    for (stamp, given) in stamps.iter_mut().zip(beginning.stamps) {
        *stamp = given.unwrap_or_default();
    }
    Begun { stamps, fence: beginning.fence, is_dirty: beginning.is_dirty }
}
