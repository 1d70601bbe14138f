//! What was written and acknowledged, for each row by version and for all rows by time.

use crate::log::{NEVER, Written};
use std::collections::HashMap;

/// The version that rows have at first.
const FIRST: u32 = 1;

/// All writes of a run.
#[derive(Debug, Default)]
pub(super) struct Writes {
    rows: HashMap<u32, Vec<Write>>,
    /// Acknowledgements: when, on which node, which version of which row.
    acknowledged: Vec<(u64, u32, u32, u32)>,
}

#[derive(Debug)]
struct Write {
    version: u32,
    began_ns: u64,
    /// When this version, or a newer one, was acknowledged first.
    acknowledged_ns: u64,
}

impl Writes {
    pub(super) fn add(&mut self, node: u32, Written { began_ns, acknowledged_ns, key, version }: Written) {
        self.rows.entry(key).or_default().push(Write { version, began_ns, acknowledged_ns });
        if acknowledged_ns != NEVER {
            self.acknowledged.push((acknowledged_ns, node, key, version));
        }
    }

    /// To be called when all are there.
    pub(super) fn finish(&mut self) {
        self.acknowledged.sort_unstable();
        for row in self.rows.values_mut() {
            row.sort_unstable_by_key(|write| write.version);
            let mut first = NEVER;
            for write in row.iter_mut().rev() {
                first = first.min(write.acknowledged_ns);
                write.acknowledged_ns = first;
            }
        }
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.len() as u64
    }

    /// When the write of a version began; none if nobody wrote it.
    pub(super) fn began_ns(&self, key: u32, version: u32) -> Option<u64> {
        if version == FIRST {
            return Some(0);
        }
        let row = self.rows.get(&key)?;
        let at = row.binary_search_by_key(&version, |write| write.version).ok()?;
        Some(row[at].began_ns)
    }

    /// When a version newer than this was acknowledged first, if ever.
    pub(super) fn newer_acknowledged_ns(&self, key: u32, version: u32) -> Option<u64> {
        let row = self.rows.get(&key)?;
        let newer = row.partition_point(|write| write.version <= version);
        row.get(newer).map(|write| write.acknowledged_ns)
    }
}

/// The newest acknowledged versions as of a moment that only advances.
pub(super) struct Marks<'a> {
    writes: &'a Writes,
    bound_ns: u64,
    taken: usize,
    taken_past_bound: usize,
    of_node: HashMap<(u32, u32), u32>,
    of_all: HashMap<u32, u32>,
    past_bound: HashMap<u32, u32>,
}

impl<'a> Marks<'a> {
    pub(super) fn new(writes: &'a Writes, bound_ns: u64) -> Self {
        let (of_all, past_bound) = (HashMap::new(), HashMap::new());
        Self { writes, bound_ns, taken: 0, taken_past_bound: 0, of_node: HashMap::new(), of_all, past_bound }
    }

    /// Takes account of what was acknowledged before this moment.
    pub(super) fn advance(&mut self, now_ns: u64) {
        let all = &self.writes.acknowledged;
        while let Some(&(_, node, key, version)) = all.get(self.taken).filter(|write| write.0 < now_ns) {
            self.taken += 1;
            raise(self.of_node.entry((node, key)).or_default(), version);
            raise(self.of_all.entry(key).or_default(), version);
        }
        let is_past = |write: &&(u64, u32, u32, u32)| write.0.saturating_add(self.bound_ns) < now_ns;
        while let Some(&(_, _, key, version)) = all.get(self.taken_past_bound).filter(is_past) {
            self.taken_past_bound += 1;
            raise(self.past_bound.entry(key).or_default(), version);
        }
    }

    /// What this node was told is done.
    pub(super) fn of_node(&self, node: u32, key: u32) -> u32 {
        self.of_node.get(&(node, key)).copied().unwrap_or(0)
    }

    pub(super) fn of_all(&self, key: u32) -> u32 {
        self.of_all.get(&key).copied().unwrap_or(0)
    }

    /// What any node was told longer ago than the bound.
    pub(super) fn past_bound(&self, key: u32) -> u32 {
        self.past_bound.get(&key).copied().unwrap_or(0)
    }
}

/// Acknowledgements of one row may come in another order than its versions.
fn raise(mark: &mut u32, version: u32) {
    *mark = version.max(*mark);
}
