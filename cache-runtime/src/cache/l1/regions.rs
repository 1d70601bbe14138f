//! Regions: the entries of a function that has room for itself make room for each other alone.

#[cfg(test)]
use super::places::Number;
use super::queues::Queues;
use crate::key::Id;
use crate::policy::L1;
use std::collections::HashMap;

/// Whose room an entry takes up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Region(u16);

impl Region {
    /// The room of all who have none for themselves.
    pub(crate) const SHARED: Self = Self(0);
}

#[derive(Debug)]
pub(super) struct Regions {
    /// By number.
    all: Vec<Queues>,
    of_functions: HashMap<Id, Region>,
}

impl Regions {
    /// One, which is everybody's.
    pub(super) fn new(shared: L1) -> Self {
        Self { all: vec![Queues::new(shared)], of_functions: HashMap::new() }
    }

    /// The region of a function, made when it is first asked for. Should there be more than can be numbered, the others
    /// share.
    pub(super) fn of_function(&mut self, function: Id, size: L1) -> Region {
        if let Some(region) = self.of_functions.get(&function) {
            return *region;
        }
        let Ok(number) = u16::try_from(self.all.len()) else { return Region::SHARED };
        self.all.push(Queues::new(size));
        self.of_functions.insert(function, Region(number));
        Region(number)
    }

    /// The queues of a region.
    pub(super) fn of(&mut self, region: Region) -> &mut Queues {
        &mut self.all[usize::from(region.0)]
    }

    pub(super) fn each(&self) -> impl Iterator<Item = Region> + use<> {
        (0..self.all.len() as u16).map(Region)
    }

    pub(super) fn len(&self) -> usize {
        self.all.iter().map(Queues::len).sum()
    }

    pub(super) fn weight(&self) -> u64 {
        self.all.iter().map(Queues::weight).sum()
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = Number> {
        self.all.iter().flat_map(Queues::iter)
    }

    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.all.iter().map(Queues::places).sum()
    }
}
