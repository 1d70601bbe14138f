//! Whose values take long to clone, which every hit in memory does: measured where a load's value is cloned anyway, and
//! said in `stats()`.

use super::lives::random_ratio;
use super::loaded::Loaded;
use super::{Cache, Request, ValueRules};
use crate::codec::Value;
use crate::function::Function;
use crate::registry;
use crate::telemetry::Notice;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A function whose values take more than a microsecond to clone, which is ten times what a hit in memory takes besides.
///
/// Named by [`Cache::slow_clones`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlowClone {
    /// The function's name, as in its configuration.
    pub function: String,
    /// How long the quickest of three clones in a row took.
    pub took: Duration,
}

impl fmt::Display for SlowClone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, took } = self;
        write!(
            f,
            "a value of `{function}` takes {took:.1?} to clone, as every hit in memory does: return an `Arc` of it"
        )
    }
}

/// What is longer than this is told of.
const LONG: Duration = Duration::from_micros(1);

/// The share of loads that are measured.
const SHARE: f64 = 1.0 / 16.0;

/// So many in a row have to be long: a thread that is interrupted while it clones says nothing about the value.
const IN_A_ROW: u32 = 3;

/// What was measured, by function.
#[derive(Debug, Default)]
pub(super) struct Clones(Mutex<HashMap<usize, Measured>>);

#[derive(Debug)]
struct Measured {
    function: &'static Function,
    long_in_a_row: u32,
    least: Duration,
    is_told: bool,
}

impl Cache {
    /// The functions whose values take more than a microsecond to clone, as far as their loads have shown it. Return an
    /// `Arc` of such a value, and a hit clones the pointer only.
    ///
    /// One load in 16 of the functions that memory keeps is measured, and three long ones in a row count. Who is named once
    /// stays named. The observers are told of each once, by [`Notice::SlowClone`].
    pub fn slow_clones(&self) -> Vec<SlowClone> {
        let measured = self.shared.clones.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slow: Vec<_> = measured.values().filter(|of| of.is_told).map(Measured::shown).collect();
        slow.sort_by(|left, right| left.function.cmp(&right.function));
        // The companions of a function count for themselves, and have its name.
        slow.dedup_by(|left, right| left.function == right.function);
        slow
    }

    /// What a load brought, with all that follows from it.
    pub(crate) fn loaded<T>(
        &self,
        request: &Request,
        rules: &ValueRules<T>,
        hold: fn(T) -> Value,
        value: Option<&T>,
    ) -> Loaded
    where
        T: Clone + Send + Sync + 'static,
    {
        let Some(value) = value else { return Loaded::plain(None, true) };
        rules.apply_to(value, self.kept(request, &mut || hold(value.clone())))
    }

    /// The clone that is kept, which now and then is measured.
    fn kept(&self, request: &Request, clone: &mut dyn FnMut() -> Value) -> Value {
        let is_kept_here = self.shared.l1.is_some() && request.tiers().has_l1();
        let Some(function) = request.function.filter(|_| is_kept_here && random_ratio() < SHARE) else {
            return clone();
        };
        let began = self.shared.clock.elapsed();
        let cloned = clone();
        let took = self.shared.clock.elapsed().saturating_sub(began);
        if let Some(SlowClone { function, took }) = self.shared.clones.note(function, took) {
            self.tell(&Notice::SlowClone { function: &function, took });
        }
        cloned
    }
}

impl Clones {
    pub(super) fn slow(&self) -> u64 {
        let measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        measured.values().filter(|of| of.is_told).count() as u64
    }

    /// Notes how long a clone took; tells of the function if that is to be told now.
    fn note(&self, function: &'static Function, took: Duration) -> Option<SlowClone> {
        let mut measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = measured.entry(std::ptr::from_ref(function).addr()).or_insert_with(|| Measured::of(function));
        if of.is_told {
            return None;
        }
        if took <= LONG {
            *of = Measured::of(function);
            return None;
        }
        of.long_in_a_row += 1;
        of.least = of.least.min(took);
        of.is_told = of.long_in_a_row >= IN_A_ROW;
        of.is_told.then(|| of.shown())
    }
}

impl Measured {
    fn of(function: &'static Function) -> Self {
        Self { function, long_in_a_row: 0, least: Duration::MAX, is_told: false }
    }

    fn shown(&self) -> SlowClone {
        SlowClone { function: registry::name_of(self.function), took: self.least }
    }
}
