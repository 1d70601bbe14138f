//! What entries and flights rest on: the cells of their names, and what is known of the partition that those are in.

use super::cells::Cell;
use super::knowledge::{Knowledge, Trust};
use super::sequence::Mark;
use crate::stamp::{Partition, Stamp};
use std::sync::Arc;

/// The names of a call in one partition, before it is known what they will answer for.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) cells: Box<[Cell]>,
}

/// A ground as an entry keeps it, and the mark up to which it knows it.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    knowledge: Arc<Knowledge>,
    mark: Mark,
    cells: Held,
}

/// The cells of an entry. Most have one of their key, one of their function and one of an event.
#[derive(Clone, Debug)]
enum Held {
    Few(Cell, Option<Cell>, Option<Cell>),
    Many(Box<[Cell]>),
}

impl Ground {
    /// Whether this node has accepted an invalidation of it that the store does not know of yet.
    pub(crate) fn is_owed(&self) -> bool {
        self.knowledge.is_owed() || self.cells.iter().any(Cell::is_owed)
    }

    /// The latest that was heard of anything in this partition that matters here: a bump, or the end of an epoch; and if
    /// it is to be heeded, that something was missed, which may have mattered.
    pub(crate) fn known(&self, heeds_floor: bool) -> (Partition, u64) {
        let epoch = self.knowledge.epoch_start().raw();
        let bumped = self.cells.iter().map(Cell::load).max().unwrap_or(0);
        let floor = if heeds_floor { self.knowledge.floor().raw() } else { 0 };
        (self.knowledge.partition(), bumped.max(epoch).max(floor))
    }

    /// What an entry keeps that knows it up to a mark.
    pub(crate) fn rooted(&self, mark: Mark) -> Root {
        let cells = match &*self.cells {
            [first] => Held::Few(first.clone(), None, None),
            [first, second] => Held::Few(first.clone(), Some(second.clone()), None),
            [first, second, third] => Held::Few(first.clone(), Some(second.clone()), Some(third.clone())),
            many => Held::Many(many.into()),
        };
        Root { knowledge: self.knowledge.clone(), mark, cells }
    }
}

impl Root {
    pub(crate) fn partition(&self) -> Partition {
        self.knowledge.partition()
    }

    pub(crate) fn mark(&self) -> Mark {
        self.mark
    }

    pub(crate) fn knowledge(&self) -> &Arc<Knowledge> {
        &self.knowledge
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &Cell> {
        let (few, many): (_, &[Cell]) = match &self.cells {
            Held::Few(first, second, third) => ([Some(first), second.as_ref(), third.as_ref()], &[]),
            Held::Many(many) => ([None; 3], many),
        };
        few.into_iter().flatten().chain(many)
    }

    /// How far it can be trusted now. Its cells must be read after this.
    #[inline]
    pub(crate) fn trust(&self, now_ms: u64) -> Trust {
        self.knowledge.trust(self.mark, now_ms)
    }

    /// Whether nothing was heard of its cells since.
    pub(crate) fn is_covered(&self) -> bool {
        self.cells().all(|cell| cell.is_covered_by(self.mark))
    }

    /// Whether nothing was cleared or lost since: what was invalidated one by one may still be shown as stale.
    pub(crate) fn is_of_this_history(&self) -> bool {
        !self.knowledge.is_owed() && self.knowledge.goes_on_since(self.mark)
    }

    /// Whether it has a cell, and nothing was heard of that since.
    pub(crate) fn covers(&self, cell: &Cell) -> bool {
        self.cells().any(|own| own.is_same(cell)) && cell.is_covered_by(self.mark)
    }

    /// The stamp behind the mark, unless its epoch is over.
    pub(crate) fn stamp(&self) -> Option<(Partition, Stamp)> {
        Some((self.partition(), self.knowledge.stamp(self.mark)?))
    }

    /// Bytes that it takes up besides itself.
    pub(crate) fn weight(&self) -> usize {
        let list = if let Held::Many(many) = &self.cells { size_of_val(&**many) } else { 0 };
        list + self.cells().map(Cell::weight).sum::<usize>()
    }
}
