//! What a caller knows when it arrives, and what of others' it may therefore have: section 7 of `docs/protocol.md`.

use super::Cache;
use super::demand::Moment;
use super::ground::Ground;
use super::read::{Departed, Landing, Marks};
use super::request::Request;
use crate::key::Dependency;
use crate::stamp::Partition;
use std::sync::OnceLock;

/// A caller: it may be given nothing older than what it knows when it arrives.
pub(super) struct Caller {
    pub(super) grounds: Vec<Ground>,
    /// Noted when there is somebody to join, before anybody is waited for. Most callers find nobody.
    noted: OnceLock<Noted>,
}

/// What it knows.
pub(super) struct Noted {
    known: Vec<(Partition, u64)>,
    /// Nobody need have had a cell of what only this caller depends on, nor of a tag that is not known yet: then whatever
    /// was done counts.
    latest: Vec<(Partition, u64)>,
    partitions: u16,
    arrived: Moment,
}

impl Caller {
    pub(super) fn new(cache: &Cache, request: &Request) -> Self {
        Self { grounds: request.grounds(cache), noted: OnceLock::new() }
    }

    /// What it knows, noted now unless it was before. To note it later than at its arrival only has it know more.
    pub(super) fn noted(&self, cache: &Cache, request: &Request) -> &Noted {
        self.noted.get_or_init(|| Noted::of(cache, request, &self.grounds))
    }

    pub(super) fn may_join(&self, cache: &Cache, request: &Request, departed: &Departed) -> bool {
        let noted = self.noted(cache, request);
        let is_noticed = !request.has_late_tags && request.is_covered_by(&departed.dependencies);
        covers(&departed.marks, if is_noticed { &noted.known } else { &noted.latest })
    }

    pub(super) fn may_have(&self, cache: &Cache, request: &Request, landing: &Landing) -> bool {
        self.noted(cache, request).allows(request, landing)
    }
}

impl Noted {
    fn of(cache: &Cache, request: &Request, grounds: &[Ground]) -> Self {
        let heeds_floor = request.demand.heeds_floor;
        let known = grounds.iter().map(|ground| ground.known(heeds_floor)).collect();
        let latest = if request.has_late_tags { cache.latest_everywhere() } else { latest(grounds) };
        Self { known, latest, partitions: cache.partitions(), arrived: cache.moment() }
    }

    fn allows(&self, request: &Request, landing: &Landing) -> bool {
        let departed = &landing.departed;
        let is_shown = !landing.is_stale || request.serves_stale();
        let is_covered = request.is_covered_by(&departed.dependencies);
        // Of what the value alone depends on this caller had no cell when it arrived.
        let has_further = !is_covered || departed.dependencies.len() > request.dependencies.len();
        let known = if has_further || request.has_late_tags { &self.latest } else { &self.known };
        is_shown
            && request.demand.admits(self.arrived, landing.known)
            && (!has_further || self.has_latest_of(&departed.dependencies))
            && match landing.is_loaded {
                true => covers(&departed.marks, known),
                false => is_covered && covers_its_own(&departed.marks, known),
            }
    }

    /// Whether it knows what was done in every partition that these are in.
    fn has_latest_of(&self, names: &[Dependency]) -> bool {
        let has = |partition| self.latest.iter().any(|(of, _)| *of == partition);
        self.latest.len() == usize::from(self.partitions)
            || names.iter().all(|name| has(name.partition(self.partitions)))
    }
}

/// The same of something that was found, which depends on nothing in other partitions than its own.
fn covers_its_own(marks: &Marks, known: &[(Partition, u64)]) -> bool {
    marks.iter().all(|(of, mark)| known.iter().all(|(partition, bumped)| partition != of || *bumped <= mark.raw()))
}

/// What this node did or heard of last in each partition.
fn latest(grounds: &[Ground]) -> Vec<(Partition, u64)> {
    grounds.iter().map(|ground| (ground.knowledge.partition(), ground.knowledge.latest().raw())).collect()
}

/// Whether something from the moments `marks` may be given to a caller that knows of bumps up to `known`.
fn covers(marks: &Marks, known: &[(Partition, u64)]) -> bool {
    known.iter().all(|(partition, bumped)| {
        marks.iter().find(|(of, _)| of == partition).is_some_and(|(_, mark)| *bumped <= mark.raw())
    })
}
