//! Invalidations that were accepted and are yet to be performed: what they name, each once, in order, and bounded.
//!
//! While a name is owed, its cell says so: nothing that depends on it answers from memory, nor is it looked for in the
//! store, which does not know yet. Everything here commutes, so that only a later one of the same name replaces one.

use super::Cache;
use super::cells::Cell;
use super::request::key_dependency;
use super::shared::Space;
use crate::key::{Dependency, Id, Key, Name};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// An invalidation as it can be performed, and performed again.
#[derive(Clone, Debug)]
pub(super) enum Invalidation {
    /// Of what depends on any of these.
    Bump(Vec<Dependency>),
    /// Of these keys' entries.
    Remove(Vec<Key>),
    /// Of everything.
    Clear,
}

/// What is owed, the oldest first.
#[derive(Default)]
pub(super) struct Owed {
    debts: VecDeque<Debt>,
    numbers: HashMap<(u64, What), u64>,
    next: u64,
}

/// One name, or everything, of one namespace.
struct Debt {
    number: u64,
    space: Arc<Space>,
    what: What,
    name: Option<Name>,
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum What {
    Bump(Id),
    Remove(Id),
    Clear,
}

/// What is to be performed next, and until when it was accepted.
pub(super) struct Batch {
    pub(super) space: Arc<Space>,
    pub(super) invalidation: Invalidation,
    pub(super) names: usize,
    until: u64,
}

impl Invalidation {
    fn parts(&self) -> Vec<(What, Option<&Name>)> {
        match self {
            Self::Bump(names) => names.iter().map(|name| (What::Bump(name.id()), Some(name))).collect(),
            Self::Remove(keys) => keys.iter().map(|key| (What::Remove(key.id()), Some(key))).collect(),
            Self::Clear => vec![(What::Clear, None)],
        }
    }
}

impl Owed {
    pub(super) fn len(&self) -> usize {
        self.debts.len()
    }

    /// A moment in the order in which they are accepted: what was accepted before is settled by what begins now.
    pub(super) fn now(&self) -> u64 {
        self.next
    }

    /// Accepts all of an invalidation, or none of it if that would make more than `max` names.
    pub(super) fn accept(&mut self, cache: &Cache, invalidation: &Invalidation, max: usize) -> Option<usize> {
        let space = &cache.space;
        let parts = invalidation.parts();
        let is_new = |(what, _): &&(What, Option<&Name>)| !self.numbers.contains_key(&(space.number, *what));
        if self.debts.len() + parts.iter().filter(is_new).count() > max {
            return None;
        }
        for (what, name) in &parts {
            self.next += 1;
            let number = self.next;
            if self.numbers.insert((space.number, *what), number).is_some() {
                let same = |debt: &&mut Debt| debt.space.number == space.number && debt.what == *what;
                // Performing it may be under way, and too early for this one.
                self.debts.iter_mut().find(same).into_iter().for_each(|debt| debt.number = number);
                continue;
            }
            self.debts.push_back(Debt::new(number, cache, *what, *name));
        }
        Some(parts.len())
    }

    /// The oldest, with those after it that can be performed along with it.
    pub(super) fn first(&self, max_names: usize) -> Option<Batch> {
        let first = self.debts.front()?;
        let alike = |debt: &&Debt| {
            debt.space.number == first.space.number
                && std::mem::discriminant(&debt.what) == std::mem::discriminant(&first.what)
        };
        let names: Vec<Name> =
            self.debts.iter().take_while(alike).take(max_names).filter_map(|debt| debt.name.clone()).collect();
        let (count, space) = (names.len().max(1), first.space.clone());
        let invalidation = match first.what {
            What::Bump(_) => Invalidation::Bump(names),
            What::Remove(_) => Invalidation::Remove(names),
            What::Clear => Invalidation::Clear,
        };
        Some(Batch { space, invalidation, names: count, until: self.next })
    }

    /// The first one is refused by the store: it must not hold up the others.
    pub(super) fn postpone_first(&mut self) {
        if let Some(debt) = self.debts.pop_front() {
            self.debts.push_back(debt);
        }
    }

    /// Forgets what was performed, unless it was accepted anew since it began. Returns how many names that were.
    pub(super) fn settle(&mut self, batch: &Batch) -> usize {
        self.settled(&batch.space, &batch.invalidation, batch.until)
    }

    /// Forgets what an invalidation covers that began when the order stood at `until`.
    pub(super) fn settled(&mut self, space: &Space, invalidation: &Invalidation, until: u64) -> usize {
        if self.numbers.is_empty() {
            return 0;
        }
        let parts = match invalidation {
            Invalidation::Clear => self.numbers.keys().filter(|(of, _)| *of == space.number).map(|(_, w)| *w).collect(),
            listed => listed.parts().into_iter().map(|(what, _)| what).collect::<Vec<_>>(),
        };
        let is_due = |what: &What| self.numbers.get(&(space.number, *what)).is_some_and(|number| *number <= until);
        let due: Vec<What> = parts.into_iter().filter(is_due).collect();
        if due.is_empty() {
            return 0;
        }
        for what in &due {
            self.numbers.remove(&(space.number, *what));
        }
        let numbers = &self.numbers;
        self.debts.retain(|debt| numbers.contains_key(&(debt.space.number, debt.what)));
        due.len()
    }

    /// Gives up on all of them.
    pub(super) fn give_up(&mut self) -> usize {
        self.numbers.clear();
        std::mem::take(&mut self.debts).len()
    }
}

impl Debt {
    fn new(number: u64, cache: &Cache, what: What, name: Option<&Name>) -> Self {
        let (space, cells) = (&cache.space, &cache.shared.cells);
        // A key may be called as a dependency is: whatever has the name is owed.
        let both = |name: &Name| [cells.of(name), cells.of_key(name)];
        let mut owed: Vec<Cell> = name.into_iter().flat_map(both).collect();
        if let (What::Remove(_), Some(key)) = (what, name) {
            owed.push(cells.of(&cache.name(key_dependency(key.as_str()))));
        }
        owed.iter().for_each(|cell| cell.owe(cells.changes()));
        if what == What::Clear {
            space.partitions.iter().for_each(|partition| partition.owe());
        }
        Self { number, space: space.clone(), what, name: name.cloned(), cells: owed }
    }
}

impl Drop for Debt {
    fn drop(&mut self) {
        self.cells.iter().for_each(|cell| cell.pay());
        if self.what == What::Clear {
            self.space.partitions.iter().for_each(|partition| partition.pay());
        }
    }
}
