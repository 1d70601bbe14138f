//! What memory answers at once, without asking anybody: the way of a hit.

use super::Cache;
use super::demand::Demand;
use super::request::Request;
use super::slot::{Slot, Standing};
use crate::call::{Mode, Refreshing, is_demanding, mode};
use crate::codec::Value;
use crate::key::Id;
use crate::outcome::{Outcome, Tier, is_observed, is_used};
use crate::policy::Policy;
use crate::telemetry::{ActivityKind, spans};
use std::sync::Arc;

/// What memory says of a call at once.
pub(crate) enum Peeked {
    /// The answer.
    Hit(Arc<Slot>),
    /// The answer, which is to be loaded anew: it is due early, or past its TTL.
    Due(Arc<Slot>),
    Miss,
}

impl Peeked {
    /// The answer of a call that loads in the foreground: what is due early still answers, what is stale does not.
    pub(crate) fn fresh(self, cache: &Cache) -> Option<Arc<Slot>> {
        self.answer().filter(|slot| slot.standing(cache.now_ms()) == Standing::Valid)
    }

    /// The answer of a call that would not load it anew.
    pub(crate) fn answer(self) -> Option<Arc<Slot>> {
        match self {
            Self::Hit(slot) | Self::Due(slot) => Some(slot),
            Self::Miss => None,
        }
    }
}

/// Whether somebody is to be told how this call was answered, for which its shortest way has no room.
#[inline]
fn is_noted() -> bool {
    (is_used() && is_observed()) || spans::wants_hits()
}

impl Cache {
    /// Answers a cached function from memory if nothing has to be weighed: with what `take` makes of the value or of the
    /// remembered absence, which is a hit whatever that is. It waits for no lock, and makes no allocation and no text. What this does not answer,
    /// [`peek`](Self::peek) may.
    #[inline]
    pub(crate) fn hit<T>(&self, print: Id, take: impl FnOnce(Option<&Value>) -> T) -> Option<T> {
        let l1 = self.shared.l1.as_ref().filter(|_| !is_demanding() && !is_noted())?;
        l1.hit(print, |held| {
            // Never behind the time, so that nothing answers that is over.
            let now_ms = self.shared.clock.coarse_ms();
            if !held.is_sure(now_ms, self.shared.cells.changes()) {
                return None;
            }
            self.shared.meters.hit(held.group());
            Some(take(held.value.as_ref()))
        })
    }

    /// Answers a cached function from memory, if that can be done without asking anybody.
    pub(crate) fn peek(&self, print: Id) -> Peeked {
        let peeked = self.peek_if(print, |_| true);
        if let Peeked::Hit(slot) = &peeked
            && spans::wants_hits()
        {
            self.span_hit(slot);
        }
        peeked
    }

    /// The span of a call that memory has answered; whoever goes on has another one.
    #[cold]
    fn span_hit(&self, slot: &Slot) {
        spans::hit(self.span_of(slot.group()), self.shown(slot));
    }

    /// Lets the span of a call know that memory has answered it, with what is to be loaded anew.
    pub(crate) fn span_due(&self, slot: &Slot) {
        spans::answered(self.shown(slot).early_if(!self.shown(slot).stale));
    }

    fn shown(&self, slot: &Slot) -> Outcome {
        let outcome = Outcome::of(Tier::L1, 0);
        if slot.standing(self.now_ms()) == Standing::Valid { outcome } else { outcome.stale() }
    }

    /// The same for a request by hand, whose dependencies need not be those that the entry was filled with.
    pub(crate) fn peek_for(&self, request: &Request) -> Peeked {
        self.peek_if(request.print, |slot| request.is_covered_by_entry(slot))
    }

    fn peek_if(&self, print: Id, may_answer: impl FnOnce(&Slot) -> bool) -> Peeked {
        let Some(l1) = &self.shared.l1 else { return Peeked::Miss };
        let Some(slot) = l1.get(print).filter(|slot| !slot.is_strong() && may_answer(slot)) else {
            return Peeked::Miss;
        };
        if is_demanding() && !self.is_admitted(&slot) {
            return Peeked::Miss;
        }
        let now_ms = self.now_ms();
        if slot.standing(now_ms) == Standing::Valid {
            l1.mark_hit(print);
            self.shared.meters.hit(slot.group());
            slot.note_read(now_ms);
            let is_due = slot.is_due(now_ms);
            self.did_answer(ActivityKind::Hit(Tier::L1), &slot);
            let age_ms = now_ms.saturating_sub(slot.loaded_ms);
            self.answered(slot.group(), || Outcome::of(Tier::L1, age_ms).early_if(is_due));
            return if is_due { Peeked::Due(slot) } else { Peeked::Hit(slot) };
        }
        if self.is_to_be_revalidated(&slot) {
            l1.mark_hit(print);
            self.show_stale(&slot);
            return if slot.is_too_early_to_retry(now_ms) { Peeked::Hit(slot) } else { Peeked::Due(slot) };
        }
        Peeked::Miss
    }

    /// Whether the running task's demands allow an answer from memory.
    fn is_admitted(&self, slot: &Slot) -> bool {
        !Refreshing::is_begun()
            && !matches!(mode(), Some(Mode::Bypass | Mode::Refresh))
            && Demand::of(self, &Policy::default()).admits(self.moment(), self.holds_as_of(slot))
    }
}
