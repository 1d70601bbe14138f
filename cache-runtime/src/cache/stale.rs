//! What may be shown although it is not fresh: while it is loaded anew, or because that failed.
//!
//! Past its TTL an entry may be served at once for a while (`stale_while_revalidate`), as long as nothing invalidated it.
//! If the load fails or takes too long, what was invalidated may be served as well (`stale_if_error`); what was removed,
//! set or cleared never is, nor is anything where a call asks for strong answers.

use super::Cache;
use super::ground::Ground;
use super::look::Sighting;
use super::read::{Arrival, Turn};
use super::request::Request;
use super::slot::{Slot, Standing};
use crate::clock::whole_ms;
use crate::codec::{Value, Wire};
use crate::outcome::{Outcome, Tier};
use crate::telemetry::{ActivityKind, Notice};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// After a failed load, how long the stale value is served without another attempt.
const ERROR_BACKOFF: Duration = Duration::from_secs(5);

/// What became known of a call while somebody waits for it.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    stale: Mutex<Option<Arc<Slot>>>,
    leads: AtomicBool,
}

impl Sight {
    /// What could be shown instead, if anything was seen.
    pub(crate) fn stale(&self) -> Option<Arc<Slot>> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the call loads itself, so that others wait for it.
    pub(crate) fn leads(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }
}

impl Request {
    pub(super) fn note_stale(&self, slot: &Arc<Slot>) {
        if let Some(sight) = &self.sight {
            *sight.stale.lock().unwrap_or_else(PoisonError::into_inner) = Some(slot.clone());
        }
    }

    pub(super) fn note_lead(&self) {
        if let Some(sight) = &self.sight {
            sight.leads.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it has any use for values that are not fresh.
    pub(super) fn serves_stale(&self) -> bool {
        self.stale_ms() > 0
    }

    fn backoff_ms(&self) -> u64 {
        whole_ms(self.policy.error_backoff.unwrap_or(ERROR_BACKOFF))
    }
}

impl Cache {
    /// Whether a load may have to go on without its caller, as far as can be told before anything is read.
    pub(crate) fn may_go_on(&self, request: &Request) -> bool {
        let policy = &request.policy;
        let may_be_found_due = self.shared.store.is_some() && request.tiers().has_l2() && policy.early != Some(0.0);
        may_be_found_due
            || policy.stale_while_revalidate.is_some()
            || policy.soft_timeout.is_some()
            || policy.hard_timeout.is_some()
            || policy.refresh_every.is_some()
    }

    /// Whether an entry is past its TTL and is served all the same while it is loaded anew: nothing invalidated it.
    pub(super) fn is_to_be_revalidated(&self, slot: &Slot) -> bool {
        let now_ms = self.now_ms();
        slot.lives().is_to_be_revalidated(now_ms) && slot.holding(now_ms) == Standing::Valid
    }

    /// Whether an entry may be shown if it cannot be loaded.
    pub(super) fn may_stand_in(&self, request: &Request, slot: &Slot) -> bool {
        let key = self.shared.cells.of_key(&request.key);
        !request.demand.is_strict && slot.may_stand_in(self.now_ms(), &key)
    }

    /// What memory shows without looking further: a load of it was tried a short while ago, and failed.
    pub(super) fn stale_meanwhile(&self, request: &Request, wire: &dyn Wire) -> Option<Option<Value>> {
        let seen = self.stale_in_memory(request, wire)?;
        request.note_stale(&seen.slot);
        self.is_backing_off(request, &seen.slot).then(|| self.show_stale(&seen.slot))
    }

    /// Whether memory would show an entry while somebody loads it anew, if it were not in doubt. Then the store is asked,
    /// rather than that load waited for.
    pub(super) fn would_be_shown(&self, request: &Request) -> bool {
        let may_be = request.policy.stale_while_revalidate.is_some() && !request.demand.is_strict;
        let slot = self.shared.l1.as_ref().filter(|_| may_be).and_then(|l1| l1.get(request.print));
        let now_ms = self.now_ms();
        slot.is_some_and(|slot| slot.lives().is_to_be_revalidated(now_ms) && slot.holding(now_ms) == Standing::Doubtful)
    }

    /// What the store says of it.
    pub(super) async fn shown_when_asked(
        &self,
        request: &Request,
        wire: &dyn Wire,
        grounds: &[Ground],
    ) -> Option<Option<Value>> {
        let seen = self.look_in_store(request, wire, grounds).await?.stale?;
        let is_shown = self.is_to_be_revalidated(&seen.slot);
        is_shown.then(|| {
            self.keep_in_memory(request, &seen.slot);
            self.show_stale(&seen.slot)
        })
    }

    /// What a leader shows that has found nothing fresh, if it need not wait for a load.
    pub(super) fn show_while_renewed(&self, request: &Request, seen: &Sighting) -> Option<Arrival> {
        let slot = &seen.slot;
        if self.is_backing_off(request, slot) {
            return Some(Arrival::Found(self.show_stale(slot)));
        }
        if !self.is_to_be_revalidated(slot) || request.demand.is_strict {
            return None;
        }
        self.show_stale(slot);
        self.keep_in_memory(request, slot);
        Some(Arrival::Due(slot.clone()))
    }

    fn is_backing_off(&self, request: &Request, slot: &Slot) -> bool {
        slot.is_too_early_to_retry(self.now_ms()) && self.may_stand_in(request, slot)
    }

    /// What stands in for a load that failed just now or takes too long. It is not tried again for a while.
    pub(crate) fn stand_in(&self, request: &Request, slot: &Arc<Slot>) -> Option<Option<Value>> {
        let now_ms = self.now_ms();
        let is_fresh = slot.standing(now_ms) == Standing::Valid && self.admits(request, slot);
        if !is_fresh && !self.may_stand_in(request, slot) {
            return None;
        }
        Some(if is_fresh { slot.value.clone() } else { self.show_stale(slot) })
    }

    /// Whether memory may answer this call with an entry that is fresh.
    fn admits(&self, request: &Request, slot: &Slot) -> bool {
        request.demand.admits(self.moment(), self.holds_as_of(slot))
    }

    /// What is shown in place of a load that failed, to everybody who waited for it; if there is nothing, the next of them
    /// loads for himself.
    pub(crate) fn stand_in_for(&self, request: &Request, turn: Turn) -> Option<Option<Value>> {
        self.load_failed(request);
        let slot = turn.stale.as_ref()?;
        let value = self.stand_in(request, slot)?;
        self.back_off(request, slot);
        if let Some(lead) = turn.lead {
            let known = self.holds_as_of(slot);
            let is_stale = slot.standing(self.now_ms()) != Standing::Valid;
            lead.land(|| Sighting { slot: slot.clone(), known }.landing(self, is_stale));
        }
        Some(value)
    }

    /// Notes that a call was not to load, and its function could not say that nothing is cached.
    pub(crate) fn cannot_say_not_cached(&self, request: &Request) {
        let problem = format!("`{}` was asked for what is cached only, and cannot say that nothing is", request.key);
        self.tell(&Notice::Misconfigured { problem: &problem });
    }

    /// Notes that a caller was answered before its load ended.
    pub(crate) fn timed_out(&self, request: &Request) {
        self.meter(request.group).timeouts.count();
    }

    /// Notes that a load failed that an entry stood in for.
    fn back_off(&self, request: &Request, slot: &Arc<Slot>) {
        let at_ms = self.now_ms().saturating_add(request.backoff_ms());
        slot.retry_not_before(at_ms);
        let Some(l1) = &self.shared.l1 else { return };
        if slot.print != request.print {
            // It was found by its key, and lies under the fingerprint that it was filled with.
            l1.retry_not_before(slot.print, at_ms);
        }
        match l1.get(request.print) {
            // It may have been taken from the store once more meanwhile.
            Some(own) if own.loaded_ms >= slot.loaded_ms => l1.retry_not_before(request.print, at_ms),
            // One that was found in the store is to be remembered here, with the time of the next attempt.
            _ => self.keep_in_memory(request, slot),
        }
    }

    /// Counts and records a stale answer.
    pub(crate) fn show_stale(&self, slot: &Slot) -> Option<Value> {
        self.meter(slot.group()).stale_hits.count();
        let tier = if slot.is_spare() { Tier::L2 } else { Tier::L1 };
        self.did_answer(ActivityKind::Stale(tier), slot);
        self.answered(slot.group(), || Outcome::of(tier, self.now_ms().saturating_sub(slot.loaded_ms)).stale());
        slot.value.clone()
    }
}
