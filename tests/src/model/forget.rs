//! What nothing can come to depend on any more is forgotten, so that states that differ in it only are one state.

use super::config::Demand;
use super::state::{Phase, Writing};
use super::world::World;

impl World<'_> {
    pub(super) fn forget(&mut self) {
        for node in 0..self.config.nodes {
            self.forget_cells(node);
        }
        (0..self.config.readers.len()).for_each(|at| self.forget_arrival(at));
        (0..self.config.writers.len()).for_each(|at| self.forget_writing(at));
    }

    /// Whether anybody reads on a node: if not, it makes no difference what that node knows.
    pub(super) fn is_read_on(&self, node: usize) -> bool {
        self.config.readers.iter().any(|is| is.node == node)
    }

    /// Cells that nobody points to are gone.
    fn forget_cells(&mut self, node: usize) {
        let reads = |at: usize| self.config.readers[at].node == node && self.state.readers[at].phase != Phase::Idle;
        if self.state.nodes[node].slot.is_none() && !(0..self.config.readers.len()).any(reads) {
            self.state.nodes[node].cells = Default::default();
        }
    }

    /// When a caller arrived, and what it knew then, matters to those who wait; who leads has asked since.
    fn forget_arrival(&mut self, at: usize) {
        let is_alone = self.config.readers.iter().filter(|is| is.node == self.config.readers[at].node).count() == 1;
        let reader = &mut self.state.readers[at];
        if !matches!(reader.phase, Phase::Boarding | Phase::Following { .. }) {
            (reader.known, reader.arrived, reader.is_strong, reader.must) = Default::default();
        }
        if is_alone && !self.config.bounds_unvouched {
            reader.moment = 0;
        }
    }

    fn forget_writing(&mut self, at: usize) {
        let is = self.config.writers[at];
        let has_token = self.config.readers.iter().any(|reader| reader.demand == Demand::After(at));
        let is_read_on = self.is_read_on(is.node);
        let writer = &mut self.state.writers[at];
        if !is.is_guarded() {
            writer.committed = 0;
        }
        if !has_token {
            writer.token = Default::default();
        }
        if let Writing::Announcing(sent) | Writing::Invalidating(sent, _) = &mut writer.phase
            && !has_token
            && !is_read_on
        {
            sent.answers = sent.answers.map(|answer| answer.map(|_| Default::default()));
        }
    }
}
