//! Dealing names out to partitions, and gathering what was answered for each.

use crate::key::Name;
use crate::stamp::Partition;
use std::collections::BTreeMap;

/// The names of each partition, in their order. Where there is one partition, it is there whatever there is to deal.
pub(super) fn deal(names: &[Name], count: u16) -> BTreeMap<Partition, Vec<&Name>> {
    let mut dealt = BTreeMap::new();
    if count == 1 {
        dealt.insert(Partition(0), Vec::new());
    }
    for name in names {
        dealt.entry(name.partition(count)).or_insert_with(Vec::new).push(name);
    }
    dealt
}

/// The names of each partition that a call involves: that of its key, and those of its dependencies.
pub(super) fn involved<'n>(key: &Name, dependencies: &'n [Name], count: u16) -> BTreeMap<Partition, Vec<&'n Name>> {
    let mut dealt = deal(dependencies, count);
    dealt.entry(key.partition(count)).or_default();
    dealt
}
