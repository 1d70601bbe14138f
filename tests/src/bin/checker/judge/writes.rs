//! What was written and acknowledged, for each row by version and for all rows by time.

use crate::log::{NEVER, Written};
use std::collections::HashMap;

/// The version that rows have at first.
const FIRST: u32 = 1;

/// All writes of a run.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// By key, and of each row by version.
    rows: Vec<Vec<Write>>,
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
        let at = key as usize;
        if at >= self.rows.len() {
            self.rows.resize_with(at + 1, Vec::new);
        }
        self.rows[at].push(Write { version, began_ns, acknowledged_ns });
        if acknowledged_ns != NEVER {
            self.acknowledged.push((acknowledged_ns, node, key, version));
        }
    }

    /// To be called when all are there.
    pub(super) fn finish(&mut self) {
        self.acknowledged.sort_unstable();
        for row in &mut self.rows {
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

    /// What was written before a version of a row and after it.
    pub(super) fn facts_of(&self, key: u32, version: u32) -> Facts {
        let row = self.rows.get(key as usize).map_or(&[][..], Vec::as_slice);
        let (at, is_there) = place(row, version);
        let began_ns = if version == FIRST { Some(0) } else { is_there.then(|| row[at].began_ns) };
        let newer = row.get(at + usize::from(is_there));
        Facts { began_ns, newer_acknowledged_ns: newer.map(|write| write.acknowledged_ns) }
    }

    /// When a version newer than this was acknowledged first, if ever.
    pub(super) fn newer_acknowledged_ns(&self, key: u32, version: u32) -> Option<u64> {
        self.facts_of(key, version).newer_acknowledged_ns
    }
}

/// What a read is held against.
pub(super) struct Facts {
    /// When the write of its version began; none if nobody wrote it.
    pub(super) began_ns: Option<u64>,
    /// When a newer version was acknowledged first, if ever.
    pub(super) newer_acknowledged_ns: Option<u64>,
}

/// Where a version is in its row, or would be. They follow each other, so it is where it has to be, and is looked for only
/// if it is not.
fn place(row: &[Write], version: u32) -> (usize, bool) {
    let likely = version.wrapping_sub(FIRST + 1) as usize;
    if row.get(likely).is_some_and(|write| write.version == version) {
        return (likely, true);
    }
    match row.binary_search_by_key(&version, |write| write.version) {
        Ok(at) => (at, true),
        Err(at) => (at, false),
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
