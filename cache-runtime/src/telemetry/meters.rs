//! What is counted by function: a number stands for it, which entries in memory have room for.
//!
//! A key is never a label, so there are no more of them than the program has functions, and no more than [`GROUPS`].

use super::counter::Counter;
use super::{Counts, FunctionStats, Times};
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

/// So many are counted apart. What comes after that is counted as one.
const GROUPS: usize = 1_024;

/// A function, or several that are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Group(u16);

impl Group {
    /// Keys of one's own making.
    pub(crate) const BY_HAND: Self = Self(0);
    /// Whatever came when all the others were taken.
    const OTHERS: Self = Self(1);

    /// As it stands in an entry.
    pub(crate) fn number(self) -> u16 {
        self.0
    }

    /// From an entry.
    pub(crate) fn of_number(number: u16) -> Self {
        Self(number)
    }
}

/// The counts of all functions of a cache.
pub(crate) struct Meters {
    meters: Box<[OnceLock<Meter>]>,
    /// Hits in memory, which every thread counts in a row of its own.
    hits: Counter<GROUPS>,
    /// By the function's address.
    groups: RwLock<HashMap<usize, Group>>,
    /// By name; the lock is held while one is added.
    names: Mutex<HashMap<String, Group>>,
    name_of: Option<Box<NameOf>>,
}

/// What is to stand in the place of a function's name.
pub(crate) type NameOf = dyn Fn(&str) -> String + Send + Sync;

/// The counts of one of them.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) name: String,
    pub(crate) template: String,
    counts: Counts,
    /// How long its body took.
    pub(crate) load_time: Times,
    /// How long its calls waited for others' loads.
    pub(crate) wait_time: Times,
}

impl Deref for Meter {
    type Target = Counts;

    fn deref(&self) -> &Counts {
        &self.counts
    }
}

/// A count that is never on the way of a hit.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Meters {
    pub(crate) fn new(name_of: Option<Box<NameOf>>) -> Self {
        let meters: Box<[OnceLock<Meter>]> = (0..GROUPS).map(|_| OnceLock::new()).collect();
        let reserved = [(Group::BY_HAND, "(by hand)"), (Group::OTHERS, "(others)")];
        let names = reserved.iter().map(|(group, name)| ((*name).to_owned(), *group)).collect();
        for (group, name) in reserved {
            meters[usize::from(group.0)].get_or_init(|| Meter { name: name.to_owned(), ..Meter::default() });
        }
        let (hits, groups) = (Counter::default(), RwLock::default());
        Self { meters, hits, groups, names: Mutex::new(names), name_of }
    }

    /// Counts a hit in memory.
    #[inline]
    pub(crate) fn hit(&self, group: Group) {
        self.hits.count_at(usize::from(group.0));
    }

    pub(crate) fn of(&self, group: Group) -> &Meter {
        let its_own = self.meters.get(usize::from(group.0)).and_then(OnceLock::get);
        its_own.unwrap_or_else(|| self.meters[1].get().expect("that of the others was made first"))
    }

    /// The group of the function at an address; `describe` gives its name and its template.
    pub(crate) fn group(&self, address: usize, describe: impl FnOnce() -> (String, String)) -> Group {
        if let Some(group) = self.groups.read().unwrap_or_else(PoisonError::into_inner).get(&address) {
            return *group;
        }
        let (function, template) = describe();
        let name = self.name_of.as_ref().map_or_else(|| function.clone(), |name_of| name_of(&function));
        let group = self.named(name, template);
        self.groups.write().unwrap_or_else(PoisonError::into_inner).insert(address, group);
        group
    }

    fn named(&self, name: String, template: String) -> Group {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = names.get(&name) {
            return *group;
        }
        let next = names.len();
        let Some(free) = self.meters.get(next) else { return Group::OTHERS };
        let group = Group(u16::try_from(next).expect("there are no more than a thousand"));
        free.get_or_init(|| Meter { name: name.clone(), template, ..Meter::default() });
        names.insert(name, group);
        group
    }

    /// Of every function that was called, and of keys by hand if there were any; in the order of their names.
    pub(crate) fn read(&self) -> Vec<FunctionStats> {
        let there = self.meters.iter().enumerate().filter_map(|(at, meter)| Some((at, meter.get()?)));
        let all = there.map(|(at, meter)| self.stats(at, meter));
        let unused =
            |of: &FunctionStats| of.template.is_empty() && FunctionStats::SHOWN.iter().all(|(.., get)| get(of) == 0);
        let mut all: Vec<_> = all.filter(|of| !unused(of)).collect();
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all
    }

    fn stats(&self, at: usize, meter: &Meter) -> FunctionStats {
        let mut stats = FunctionStats::of(&meter.name, &meter.template, &meter.counts);
        stats.l1_hits += self.hits.get_at(at);
        FunctionStats { load_time: meter.load_time.read(), wait_time: meter.wait_time.read(), ..stats }
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meters").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(meters: &Meters, at: usize) -> Group {
        meters.group(at, || (format!("f{at}"), format!("f:<{at}>")))
    }

    #[test]
    fn u05_what_comes_after_the_thousandth_is_counted_as_one() {
        let meters = Meters::new(None);
        for at in 0..2 * GROUPS {
            let group = group(&meters, at);
            meters.hit(group);
            meters.of(group).misses.count();
        }
        let stats = meters.read();
        assert_eq!(stats.len(), GROUPS - 1, "all but those by hand, of which there were none");
        let others = stats.iter().find(|of| of.name == "(others)").expect("there are more than fit");
        assert_eq!((others.l1_hits, others.misses), (GROUPS as u64 + 2, GROUPS as u64 + 2));
        assert_eq!(stats.iter().map(|of| of.l1_hits).sum::<u64>(), 2 * GROUPS as u64);
    }

    #[test]
    fn a_function_that_was_called_is_there_though_nothing_was_counted() {
        let meters = Meters::new(None);
        group(&meters, 7);
        assert_eq!(meters.read().iter().map(|of| &*of.name).collect::<Vec<_>>(), ["f7"]);
    }
}
