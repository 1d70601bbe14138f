//! What a warm-up tells: while it runs, and when it has ended.

use super::checkpoint::{Checkpoint, Done, Items};
use std::time::Duration;

/// One more item of a step is done.
#[derive(Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The step, as far as it has come.
    pub step: &'a StepReport,
    /// How many of its items have had their turn, those of earlier runs included.
    pub done: usize,
    pub(super) items: &'a Items,
    pub(super) before: &'a Checkpoint,
}

impl Progress<'_> {
    /// Where another run would go on: it tries those again that failed, and then those that had no turn.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let mut checkpoint = self.before.clone();
        checkpoint.set(&self.step.name, Done::Items(self.items.clone()));
        checkpoint
    }
}

/// What became of a plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Its steps, in the order in which they were taken.
    pub steps: Vec<StepReport>,
    /// How long all of it took.
    pub took: Duration,
    /// Where another run would go on.
    pub checkpoint: Checkpoint,
}

impl Report {
    /// Whether every step was taken to its end, no item failed, and none differs from its source.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.steps
            .iter()
            .all(|step| matches!(step.end, End::Done | End::DoneBefore) && step.failed == 0 && step.differing == 0)
    }

    /// How many items were loaded.
    #[must_use]
    pub fn loaded(&self) -> usize {
        self.steps.iter().map(|step| step.loaded).sum()
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepReport {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub end: End,
    /// How many items its list has.
    pub items: usize,
    /// How many of them were loaded, since no tier had them.
    pub loaded: usize,
    /// How many were there already.
    pub present: usize,
    /// How many could not be warmed, or not be compared.
    pub failed: usize,
    /// How many were compared with their source.
    pub verified: usize,
    /// How many of those were another value than the source has, twice.
    pub differing: usize,
    /// What was said of the first failure.
    pub problem: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Every item had its turn.
    Done,
    /// An earlier run did it, as the checkpoint says.
    DoneBefore,
    /// Its items could not be listed.
    NotListed,
    /// Too many items in a row failed: the source is not well.
    GivenUp,
    /// A step before it could not be listed, or was given up.
    Skipped,
    /// The cache was switched off, or shut down.
    Stopped,
}

impl StepReport {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            end: End::Done,
            items: 0,
            loaded: 0,
            present: 0,
            failed: 0,
            verified: 0,
            differing: 0,
            problem: None,
            took: Duration::ZERO,
        }
    }

    pub(super) fn fail(&mut self, problem: String) {
        self.failed += 1;
        self.problem.get_or_insert(problem);
    }
}
