//! What each rule is for: what happens without it, and the world in which that shows.

use super::ablation::{Ablation, Switches};
use super::config::Config;
use super::configs::QUICK;
use super::explorer::{Report, explore};

/// A rule of section 9 of `docs/protocol.md` that the model can do without.
#[derive(Debug)]
pub struct Rule {
    /// The rule.
    pub ablation: Ablation,
    /// By which it is asked for.
    pub name: &'static str,
    /// What happens without it.
    pub without: &'static str,
    /// The name of the configuration in which that is looked for.
    pub config: &'static str,
    /// Whether a promise is broken without it; if not, no promise rests on it alone.
    pub is_needed: bool,
}

const fn needed(ablation: Ablation, name: &'static str, config: &'static str, without: &'static str) -> Rule {
    Rule { ablation, name, without, config, is_needed: true }
}

/// All rules, in the order of the specification.
pub const RULES: &[Rule] = &[
    needed(Ablation::StampBeforeLoad, "stamp-before-load", "flights", "a slow load stores an old value as a new one"),
    needed(Ablation::AbsentIsInvalid, "absent-is-invalid", "evictions", "an eviction revives an old entry"),
    needed(Ablation::NewEpoch, "new-epoch", "evictions", "the counter restarts, and old stamps are valid again"),
    needed(Ablation::Adopt, "adopt", "failover", "a failover that lost a bump revives the old entry"),
    Rule {
        is_needed: false,
        ..needed(
            Ablation::Incarnation,
            "incarnation",
            "outlived",
            "a connection that outlived a failover goes on in a history that another node has begun",
        )
    },
    needed(Ablation::CheckAtRead, "check-at-read", "failover", "what was stored before a failover is served after it"),
    needed(Ablation::Lease, "lease", "memory", "a node that hears of nothing serves old values"),
    needed(
        Ablation::LeaseFromRequest,
        "lease-from-request",
        "memory",
        "the bound is exceeded by the delay of the answer",
    ),
    needed(Ablation::OldEpoch, "old-epoch", "clears", "an old epoch comes back, with its entries"),
    needed(Ablation::LostBump, "lost-bump", "clears", "what the bump ended is put into memory after it"),
    needed(
        Ablation::CellsBeforeRead,
        "cells-before-read",
        "removal",
        "an own invalidation between read and insertion is missed",
    ),
    needed(
        Ablation::CellsByMaximum,
        "cells-by-maximum",
        "late-messages",
        "a late message takes back what a newer one said",
    ),
    needed(Ablation::OwnUnderWay, "own-under-way", "own-bumps", "another's bump is taken for an own one"),
    needed(Ablation::Head, "head", "removal-elsewhere", "a removed key is served from memory for ever"),
    needed(
        Ablation::JoinerMarks,
        "joiner-marks",
        "flights",
        "a read after the acknowledgement gets the overtaken load's value",
    ),
    needed(
        Ablation::JoinerTimes,
        "joiner-times",
        "joined",
        "a read on another node gets a load from before the acknowledgement, later than the bound",
    ),
    needed(Ablation::Gap, "gap", "messages", "what was invalidated by a lost message is served until its TTL ends"),
    needed(
        Ablation::Awaited,
        "awaited",
        "messages",
        "the lease is renewed over an invalidation that has not been heard yet",
    ),
    Rule {
        is_needed: false,
        ..needed(
            Ablation::UnknownEpoch,
            "unknown-epoch",
            "clears-heard",
            "memory goes on until its lease ends, as if the message had been lost",
        )
    },
    needed(Ablation::Intent, "intent", "guarded-deaths", "a writer that dies leaves the old entry"),
    needed(Ablation::DirtyLoad, "dirty-load", "guarded", "what was loaded before the commit is valid after it"),
    needed(Ablation::SettlesAll, "settles-all", "guarded", "the other's commit finds an entry from before it"),
    needed(Ablation::Lists, "lists", "by-hand", "a call by hand is served what the function's event has ended"),
    needed(Ablation::FenceOnRemoval, "fence-on-removal", "removal", "a load from before a removal is stored after it"),
    needed(
        Ablation::MetaFirst,
        "meta-first",
        "removal-elsewhere",
        "memory takes what was ended for what is known to hold",
    ),
];

impl Rule {
    /// Explores the rule's configuration without the rule.
    pub fn explore_without(&self, max_states: usize, tell: &dyn Fn(usize, usize)) -> Report {
        explore(
            config(self.config).expect("a rule names a configuration"),
            Switches(Some(self.ablation)),
            max_states,
            tell,
        )
    }
}

/// The quick configuration of a name.
#[must_use]
pub fn config(name: &str) -> Option<&'static Config> {
    QUICK.iter().find(|config| config.name == name)
}
