//! An entry in memory, and whether it may answer: by its own lives, its cells, and what is known of their partitions.
//!
//! There are as many of these as memory holds, so what few entries have is aside, and what a hit asks for is together.

use super::backing::{Backed, Backing};
use super::cells::Cell;
use super::ground::Root;
use super::knowledge::Trust;
use super::l1::{Region, SEAT_BYTES, Seat};
use super::lives::{Lives, random_ratio};
use super::sequence::Mark;
use crate::codec::Value;
use crate::early;
use crate::key::{Dependency, Id};
use crate::load::{Last, Validators};
use crate::stamp::Partition;
use crate::telemetry::Group;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An entry in memory.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The fingerprint that memory knows it by.
    pub(crate) print: Id,
    /// Until when a hit has to look at neither its lives nor anything else that few entries have.
    sure_until_ms: u64,
    /// What it rests on; in other partitions, `rest` says.
    root: Root,
    rest: Option<Box<Rest>>,
    /// The value; none is a remembered absence.
    pub(crate) value: Option<Value>,
    /// What memory notes while it holds it.
    pub(crate) seat: Seat,
    /// Bytes.
    pub(crate) weight: u32,
    load_cost_ms: u32,
    /// When it was loaded, by this node's clock.
    pub(crate) loaded_ms: u64,
    /// The entry's key, by which it can be found without its typed arguments.
    pub(crate) key: Id,
    backing: Backed,
    /// Until when nobody is to load in its place, after a load that failed; and above that, for whom it is counted.
    retry: AtomicU64,
}

/// In so many bits is the time of [`Slot::retry`]: nine thousand years. What is above never changes.
const RETRY_BITS: u32 = 48;

/// What few entries have.
#[derive(Clone, Debug, Default)]
struct Rest {
    lives: Lives,
    further: Box<[Root]>,
    is_strong: bool,
    is_spare: bool,
    reads: Option<Arc<AtomicU64>>,
    validators: Option<Arc<Validators>>,
    told_as: Option<Arc<str>>,
}

impl Clone for Slot {
    fn clone(&self) -> Self {
        Self {
            root: self.root.clone(),
            rest: self.rest.clone(),
            value: self.value.clone(),
            seat: Seat::new(self.seat.region()),
            retry: AtomicU64::new(self.retry.load(Ordering::Relaxed)),
            ..*self
        }
    }
}

/// What an entry is made of.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// The value; none is a remembered absence.
    pub(crate) value: Option<Value>,
    /// Bytes of it.
    pub(crate) value_bytes: usize,
    /// The fingerprint that memory knows it by.
    pub(crate) print: Id,
    /// The entry's key.
    pub(crate) key: Id,
    /// What it rests on: at least its key.
    pub(crate) roots: Vec<Root>,
    /// By what the store can tell that it still holds.
    pub(crate) backing: Backing,
    /// When it was loaded, by this node's clock.
    pub(crate) loaded_ms: u64,
    /// How long the load took.
    pub(crate) load_cost_ms: u32,
    /// Until when it is good for what.
    pub(crate) lives: Lives,
    /// Until when nobody is to load in its place.
    pub(crate) retry_at_ms: u64,
    /// Whether its function wants the store to be asked on every call.
    pub(crate) is_strong: bool,
    /// Whether the store was found to take it for invalid: it is kept for the case that the load fails.
    pub(crate) is_spare: bool,
    /// Where readers leave their time, if its function is loaded ahead of them.
    pub(crate) reads: Option<Arc<AtomicU64>>,
    /// By what its source tells whether it still holds.
    pub(crate) validators: Option<Arc<Validators>>,
    /// Whose room it takes up.
    pub(crate) region: Region,
    /// For whom its hits are counted.
    pub(crate) group: Group,
    /// The text of its key, if anybody is to be told of what becomes of it.
    pub(crate) told_as: Option<Arc<str>>,
}

/// Whether an entry may answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    Valid,
    Doubtful,
    Invalid,
}

/// What a value has before it: two counts.
const VALUE_HEAD_BYTES: usize = 2 * size_of::<usize>();

impl Slot {
    pub(crate) fn new(made: Made) -> Self {
        let (weight, has_rest, is_looked_at) = (made.weight(), made.has_rest(), made.is_looked_at());
        let Made { value, print, key, backing, loaded_ms, load_cost_ms, lives, .. } = made;
        let mut roots = made.roots.into_iter();
        let root = roots.next().expect("an entry rests on its key at least");
        let further: Box<[Root]> = roots.collect();
        let (is_strong, is_spare, reads, validators) = (made.is_strong, made.is_spare, made.reads, made.validators);
        let told_as = made.told_as;
        Self {
            print,
            sure_until_ms: if is_looked_at { 0 } else { lives.sure_until_ms() },
            root,
            rest: has_rest.then(|| Box::new(Rest { lives, further, is_strong, is_spare, reads, validators, told_as })),
            value,
            seat: Seat::new(made.region),
            weight,
            load_cost_ms,
            loaded_ms,
            key,
            backing: Backed::from(backing),
            retry: AtomicU64::new(u64::from(made.group.number()) << RETRY_BITS | made.retry_at_ms),
        }
    }

    /// What it is made of, to make another that differs.
    pub(crate) fn made(&self) -> Made {
        let Rest { is_strong, is_spare, reads, validators, told_as, .. } =
            self.rest.as_deref().cloned().unwrap_or_default();
        let mut made = Made {
            value: self.value.clone(),
            value_bytes: 0,
            print: self.print,
            key: self.key,
            roots: self.roots().cloned().collect(),
            region: self.seat.region(),
            backing: self.backing(),
            loaded_ms: self.loaded_ms,
            load_cost_ms: self.load_cost_ms,
            lives: self.lives(),
            retry_at_ms: self.retry_at_ms(),
            group: self.group(),
            is_strong,
            is_spare,
            reads,
            validators,
            told_as,
        };
        made.value_bytes = (self.weight as usize).saturating_sub(made.weight() as usize);
        made
    }
}

impl Made {
    /// Whether a hit has to look at more than its lives: what the store says, or that it is read at all.
    fn is_looked_at(&self) -> bool {
        self.is_strong || self.is_spare || self.reads.is_some() || self.told_as.is_some()
    }

    fn has_rest(&self) -> bool {
        // Lives that do not follow from one moment and the cost of the load have to be kept.
        let is_plain = self.lives == Lives::plain_sure_until(self.lives.sure_until_ms(), self.load_cost_ms);
        self.is_looked_at() || !is_plain || self.roots.len() > 1 || self.validators.is_some()
    }

    /// Bytes that the entry takes up in memory: its value, and what keeps it.
    fn weight(&self) -> u32 {
        let further = size_of::<Root>() * self.roots.len().saturating_sub(1);
        let aside = if self.has_rest() { size_of::<Rest>() + further } else { 0 };
        let roots: usize = self.roots.iter().map(Root::weight).sum();
        let validators = self.validators.as_deref().map_or(0, Validators::len_bytes);
        let told_as = self.told_as.as_ref().map_or(0, |key| key.len());
        let value = if self.value.is_some() { VALUE_HEAD_BYTES + self.value_bytes } else { 0 };
        u32::try_from(value + validators + told_as + SEAT_BYTES + aside + roots).unwrap_or(u32::MAX)
    }
}

impl Slot {
    /// Whether it may answer without anybody's word, as far as can be told without its cells.
    #[inline]
    pub(crate) fn is_trusted(&self, now_ms: u64) -> bool {
        let is_sure = |root: &Root| root.trust(now_ms) == Trust::Sure;
        now_ms < self.sure_until_ms
            && is_sure(&self.root)
            && self.rest.as_ref().is_none_or(|rest| rest.further.iter().all(is_sure))
    }

    /// The same entry under another fingerprint.
    pub(crate) fn under(self, print: Id) -> Self {
        Self { print, ..self }
    }

    /// Whether one is a copy of the other, whatever was noted in either since.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let at = |slot: &Self| slot.value.as_ref().map(|value| Arc::as_ptr(value).cast::<()>());
        self.loaded_ms == other.loaded_ms && at(self) == at(other) && self.root.mark() == other.root.mark()
    }

    /// The value, without touching how many have it if nobody else has the entry.
    pub(crate) fn into_value(slot: Arc<Self>) -> Option<Value> {
        Arc::try_unwrap(slot).map_or_else(|slot| slot.value.clone(), |slot| slot.value)
    }

    /// What a load is told that is to replace it.
    pub(super) fn last(&self) -> Last {
        Last { value: self.value.clone(), validators: self.validators() }
    }

    /// By what its source tells whether it still holds.
    pub(crate) fn validators(&self) -> Option<Arc<Validators>> {
        self.rest.as_ref()?.validators.clone()
    }

    /// By what the store can tell that it still holds.
    pub(crate) fn backing(&self) -> Backing {
        self.backing.into()
    }

    /// The text of its key, if anybody is to be told of what becomes of it.
    pub(crate) fn told_as(&self) -> Option<&str> {
        self.rest.as_ref()?.told_as.as_deref()
    }

    /// Until when it is good for what.
    pub(crate) fn lives(&self) -> Lives {
        match &self.rest {
            Some(rest) => rest.lives,
            None => Lives::plain_sure_until(self.sure_until_ms, self.load_cost_ms),
        }
    }

    /// What it rests on, by partition.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Root> {
        std::iter::once(&self.root).chain(self.rest.iter().flat_map(|rest| &rest.further))
    }

    /// Up to where it knows each partition that it rests on.
    pub(crate) fn marks(&self) -> Arc<[(Partition, Mark)]> {
        self.roots().map(|root| (root.partition(), root.mark())).collect()
    }

    /// The texts of what it depends on.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = &str> {
        self.roots().flat_map(Root::cells).filter_map(Cell::text)
    }

    pub(crate) fn depends_on(&self, name: &Dependency) -> bool {
        self.roots().flat_map(Root::cells).any(|cell| cell.is_of(name))
    }

    /// Until when this entry may answer if its standing is found to be valid after this was asked.
    pub(crate) fn lease_until_ms(&self) -> u64 {
        self.roots().map(|root| root.knowledge().lease_until_ms()).min().unwrap_or(u64::MAX)
    }

    /// Whether its function wants the store to be asked on every call.
    pub(crate) fn is_strong(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.is_strong)
    }

    /// Whether the store was found to take it for invalid: it is kept for the case that the load fails.
    pub(crate) fn is_spare(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.is_spare)
    }

    pub(crate) fn note_read(&self, now_ms: u64) {
        if let Some(reads) = self.rest.as_ref().and_then(|rest| rest.reads.as_ref()) {
            reads.fetch_max(now_ms, Ordering::Relaxed);
        }
    }

    /// Notes that nobody is to load in its place before that.
    pub(crate) fn retry_not_before(&self, at_ms: u64) {
        let at_ms = at_ms.min((1 << RETRY_BITS) - 1);
        self.retry.fetch_max(u64::from(self.group().number()) << RETRY_BITS | at_ms, Ordering::Relaxed);
    }

    fn retry_at_ms(&self) -> u64 {
        self.retry.load(Ordering::Relaxed) & ((1 << RETRY_BITS) - 1)
    }

    /// For whom its hits are counted.
    #[inline]
    pub(crate) fn group(&self) -> Group {
        Group::of_number((self.retry.load(Ordering::Relaxed) >> RETRY_BITS) as u16)
    }

    /// Whether a load in its place failed so lately that it is not to be tried again.
    pub(crate) fn is_too_early_to_retry(&self, now_ms: u64) -> bool {
        now_ms < self.retry_at_ms()
    }

    /// Whether it may answer as a fresh value.
    pub(crate) fn standing(&self, now_ms: u64) -> Standing {
        if self.lives().fresh_until_ms <= now_ms { Standing::Invalid } else { self.holding(now_ms) }
    }

    /// Whether there is anything to be drawn for.
    pub(crate) fn may_be_due(&self, now_ms: u64) -> bool {
        let lives = self.lives();
        now_ms >= lives.early_from_ms.min(lives.due_from_ms)
    }

    /// Draws whether it is to be loaded anew, although it may answer.
    pub(crate) fn is_due(&self, now_ms: u64) -> bool {
        let lives = self.lives();
        if !self.may_be_due(now_ms) || self.is_too_early_to_retry(now_ms) {
            return false;
        }
        let left_ms = lives.ttl_until_ms.saturating_sub(now_ms);
        now_ms >= lives.due_from_ms
            || early::is_due(left_ms, u64::from(self.load_cost_ms), lives.beta, 1.0 - random_ratio())
    }

    /// Whether it may answer, whatever its age.
    pub(crate) fn holding(&self, now_ms: u64) -> Standing {
        if self.is_spare() {
            return Standing::Invalid;
        }
        let mut standing = Standing::Valid;
        for root in self.roots() {
            match root.trust(now_ms) {
                Trust::Lost => return Standing::Invalid,
                Trust::Doubtful => standing = Standing::Doubtful,
                Trust::Sure => {}
            }
            if !root.is_covered() {
                return Standing::Invalid;
            }
        }
        standing
    }

    /// Whether its value may be shown as a stale one if the load fails: it was neither removed, set nor cleared, as far as
    /// is known here.
    pub(crate) fn may_stand_in(&self, now_ms: u64, key: &Cell) -> bool {
        now_ms < self.lives().stand_in_until_ms
            && self.roots().all(Root::is_of_this_history)
            && self.roots().any(|root| root.covers(key))
    }

    /// Whether there is still something that it may be good for.
    pub(crate) fn is_kept(&self, now_ms: u64) -> bool {
        now_ms < self.lives().end_ms()
    }
}
