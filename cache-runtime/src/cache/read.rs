//! Reading: memory, the flight, memory again, the store with its stamps, and at last the right to load.
//!
//! The order is the algorithm; `docs/protocol.md` proves it. A call that finds nothing ends with a [`Turn`], which
//! `write.rs` commits.

use super::Cache;
use super::caller::Caller;
use super::demand::Moment;
use super::ground::Ground;
use super::lease::HeldLease;
use super::look::{Seen, Sighting};
use super::request::Request;
use super::sequence::Mark;
use super::slot::Slot;
use super::stamps::{departures, observe};
use crate::codec::{Value, Wire};
use crate::envelope::identity_of;
use crate::error::StoreError;
use crate::few::Few;
use crate::flight::{self, Boarding, Follower};
use crate::key::Dependency;
use crate::outcome::{Outcome, Tier};
use crate::schema::Schema;
use crate::stamp::Partition;
use crate::store::{Begun, Leased, Store, as_one_call};
use crate::telemetry::{ActivityKind, Group};
use std::pin::pin;
use std::sync::Arc;

/// Up to where each partition was known when something began.
pub(crate) type Marks = Few<(Partition, Mark)>;

/// The duty to load an entry.
pub(crate) type Lead = flight::Lead<Departed, Landing>;

/// How a flight's load began.
#[derive(Clone, Debug)]
pub(crate) struct Departed {
    pub(crate) marks: Marks,
    /// What its leader has cells of, so that whatever invalidates it is noticed.
    pub(crate) dependencies: Arc<[Dependency]>,
}

/// What a flight lands with.
#[derive(Clone, Debug)]
pub(crate) struct Landing {
    pub(crate) value: Option<Value>,
    /// Whether it was loaded, and not found in a tier.
    pub(crate) is_loaded: bool,
    /// Whether it is not fresh.
    pub(crate) is_stale: bool,
    pub(crate) departed: Departed,
    /// As of when it is known to hold: what another node invalidated since, it may still show.
    pub(crate) known: Moment,
    pub(crate) loaded_ms: u64,
}

impl Sighting {
    /// What those get who wait for somebody to look.
    pub(super) fn landing(&self, cache: &Cache, is_stale: bool) -> Landing {
        let dependencies = self.slot.dependencies().map(|text| cache.name(text.to_owned())).collect();
        Landing {
            value: self.slot.value.clone(),
            is_loaded: false,
            is_stale,
            departed: Departed { marks: self.slot.marks().iter().copied().collect(), dependencies },
            known: self.known,
            loaded_ms: self.slot.loaded_ms,
        }
    }
}

/// Which flight a call is on.
pub(super) enum Boarded {
    /// One of its own, and the cells that were made before.
    Own(Lead, Vec<Ground>),
    /// Another call's.
    Behind(Follower<Departed, Landing>, Caller),
}

/// What a look has come to.
pub(super) enum Looked {
    Answered(Arrival),
    /// There is nothing that may answer, and the flight has not landed.
    Nothing(Lead, Seen),
}

/// What became of a call that memory could not answer.
pub(crate) enum Arrival {
    /// An answer, `None` being a remembered or shared absence.
    Found(Option<Value>),
    /// An answer that is to be loaded anew.
    Due(Arc<Slot>),
    /// Nobody has it: load it.
    Load(Box<Turn>),
}

/// The right to load an entry and to commit what was loaded.
pub(crate) struct Turn {
    /// None if this load is shared with nobody.
    pub(crate) lead: Option<Lead>,
    pub(crate) grounds: Vec<Ground>,
    pub(crate) marks: Marks,
    /// By what others may join.
    pub(crate) departed: Departed,
    /// Of every partition, where the value may turn out to have tags in any of them.
    pub(crate) before: Marks,
    /// None if the store takes no part.
    pub(crate) begun: Option<Begun>,
    pub(crate) lease: Option<HeldLease>,
    pub(crate) started: Moment,
    pub(crate) started_ms: u64,
    /// What could be shown if the load fails.
    pub(crate) stale: Option<Arc<Slot>>,
    /// The shape of its values, if they are kept beside an entry of another one.
    pub(super) aside: Option<Schema>,
    /// For whom it is counted.
    pub(super) group: Group,
}

impl Turn {
    pub(super) fn leased(&self) -> Leased {
        self.begun.as_ref().map_or(Leased::Nobody, |begun| begun.leased)
    }

    /// Whether another entry is there by now than was `met` by who looked before: whoever had the lease stored it.
    pub(super) fn finds_another_than(&self, met: Option<u64>) -> bool {
        let found = self.begun.as_ref().and_then(|begun| begun.entry.as_deref());
        found.is_some_and(|head| identity_of(head) != met)
    }
}

impl Cache {
    pub(super) fn depart(&self, request: &Request) -> Boarded {
        let caller = Caller::new(self, request);
        match self.board(&caller, request) {
            Boarding::Lead(lead) => Boarded::Own(lead, caller.grounds),
            Boarding::Follow(follower) => Boarded::Behind(follower, caller),
        }
    }

    pub(super) fn board(&self, caller: &Caller, request: &Request) -> Boarding<Departed, Landing> {
        let boarding = self.shared.flights.board(request.key.id(), |departed| caller.may_join(self, request, departed));
        if let Boarding::Follow(_) = boarding {
            // Before it waits.
            caller.noted(self, request);
        }
        boarding
    }

    /// Finds an entry without ever loading it, or waiting for somebody who does.
    pub(crate) async fn look_only(&self, request: &Request, wire: &dyn Wire) -> Option<Option<Value>> {
        let grounds = request.grounds(self);
        match as_one_call(pin!(self.look(request, wire, &grounds))).await.fresh {
            Some((seen, tier)) => {
                self.record_hit(&seen.slot, tier, false);
                Some(seen.slot.value.clone())
            }
            None => {
                self.missed(request);
                None
            }
        }
    }

    /// Gets the right to load whatever is cached.
    pub(crate) async fn arrive_to_refresh(&self, request: &Request) -> Turn {
        let grounds = request.grounds(self);
        // A flight that has not begun its load may be joined whatever the condition; this load is its own then.
        let lead = match self.shared.flights.board(request.key.id(), |_| false) {
            Boarding::Lead(lead) => Some(lead),
            Boarding::Follow(_) => None,
        };
        self.begin(request, grounds, lead, None).await
    }

    /// Looks, and gets the right to load what is not there.
    pub(super) async fn lead(&self, request: &Request, wire: &dyn Wire, grounds: Vec<Ground>, lead: Lead) -> Arrival {
        request.note_lead();
        let seen = self.look(request, wire, &grounds).await;
        let (lead, seen) = match self.answer_at_once(request, lead, seen) {
            Looked::Answered(arrival) => return arrival,
            Looked::Nothing(lead, seen) => (lead, seen),
        };
        // In a box: a load takes several times the room that a hit has to have.
        Box::pin(self.take_turn(request, wire, grounds, lead, seen)).await
    }

    /// Gets the right to load what a look has not found, which was taken since the flight was boarded.
    pub(super) async fn take_turn(
        &self,
        request: &Request,
        wire: &dyn Wire,
        mut grounds: Vec<Ground>,
        mut lead: Lead,
        mut seen: Seen,
    ) -> Arrival {
        let mut request = request.leased();
        let arrived_ms = request.lease.map_or(0, |_| self.now_ms());
        let mut held: Option<HeldLease> = None;
        loop {
            let Seen { stale, met, aside, .. } = seen;
            if let Some(schema) = aside {
                request = request.aside(self, schema);
                grounds = request.grounds(self);
            }
            let stale = stale.map(|seen| seen.slot);
            stale.iter().for_each(|slot| request.note_stale(slot));
            // A place before the question, so that no answer to it is missed.
            let wake = request.lease.map(|_| self.shared.wakes.of(request.key.id()));
            let mut turn = self.begin(&request, grounds.clone(), Some(lead), stale).await;
            match (turn.leased(), turn.lead.take(), wake) {
                (Leased::Other { left_ms }, Some(own), Some(wake)) => {
                    lead = own;
                    self.wait_for_lease(&request, wake, left_ms).await;
                    request = self.patient(request, arrived_ms);
                }
                (Leased::Taken, Some(own), _) if turn.finds_another_than(met) => {
                    lead = own;
                    HeldLease::follow(&mut held, turn.lease.take());
                }
                (_, own, _) => {
                    if turn.lease.is_some() {
                        HeldLease::follow(&mut held, turn.lease.take());
                        turn.lease = held;
                    }
                    self.missed(&request);
                    return Arrival::Load(Box::new(Turn { lead: own, ..turn }));
                }
            }
            let looked = self.look(&request, wire, &grounds).await;
            (lead, seen) = match self.answer_at_once(&request, lead, looked) {
                Looked::Answered(arrival) => return arrival,
                Looked::Nothing(lead, seen) => (lead, seen),
            };
        }
    }

    /// Lands with what a look has shown, if it may answer.
    pub(super) fn answer_at_once(&self, request: &Request, lead: Lead, seen: Seen) -> Looked {
        if let Some((seen, tier)) = seen.fresh {
            let is_due = self.is_due(&seen.slot);
            self.record_hit(&seen.slot, tier, is_due);
            lead.land(|| seen.landing(self, false));
            return Looked::Answered(match is_due {
                true => Arrival::Due(seen.slot),
                false => Arrival::Found(Slot::into_value(seen.slot)),
            });
        }
        match seen.stale.as_ref().and_then(|stale| Some((stale, self.show_while_renewed(request, stale)?))) {
            Some((stale, arrival)) => {
                lead.land(|| stale.landing(self, true));
                Looked::Answered(arrival)
            }
            None => Looked::Nothing(lead, seen),
        }
    }

    fn is_due(&self, slot: &Slot) -> bool {
        // The coarse clock is never behind, and most entries are far from being due.
        slot.may_be_due(self.shared.clock.coarse_ms()) && slot.is_due(self.now_ms())
    }

    pub(super) fn record_hit(&self, slot: &Slot, tier: Tier, is_due: bool) {
        self.did_answer(ActivityKind::Hit(tier), slot);
        self.answered(slot.group(), || {
            let age_ms = self.now_ms().saturating_sub(slot.loaded_ms);
            Outcome::of(tier, age_ms).early_if(is_due)
        });
    }

    /// Takes the stamps that the load will be committed with. They must be older than the load.
    pub(super) async fn begin(
        &self,
        request: &Request,
        grounds: Vec<Ground>,
        lead: Option<Lead>,
        stale: Option<Arc<Slot>>,
    ) -> Turn {
        let before = self.elsewhere(&grounds);
        let begun = match &self.shared.store {
            None => None,
            Some(store) => match self.begin_in_store(&**store, request, &grounds).await {
                Ok(begun) => Some(begun),
                Err(error) => self.store_failed("begin", &error),
            },
        };
        let lease = begun.as_ref().and_then(|(begun, _)| self.held(request, begun.leased));
        let begun = begun.and_then(|(begun, marks)| Some((begun, marks?)));
        let marks = match &begun {
            Some((_, marks)) => marks.clone(),
            None => grounds.iter().map(|ground| (ground.knowledge.partition(), ground.knowledge.now())).collect(),
        };
        let widest = if request.has_late_tags { self.widest(&marks, &before) } else { marks.clone() };
        let departed = Departed { marks: widest, dependencies: request.dependencies.clone() };
        if let Some(lead) = &lead {
            lead.begin(departed.clone());
        }
        let begun = begun.map(|(begun, _)| begun);
        let (started, started_ms) = (self.moment(), self.now_ms());
        let (aside, group) = (request.aside, request.group);
        Turn { lead, grounds, marks, departed, before, begun, lease, started, started_ms, stale, aside, group }
    }

    /// The marks are none if the answer is older than what is known by now; what is loaded is not kept then.
    pub(super) async fn begin_in_store(
        &self,
        store: &dyn Store,
        request: &Request,
        grounds: &[Ground],
    ) -> Result<(Begun, Option<Marks>), StoreError> {
        let sent = departures(grounds, self.now_ms());
        let begun = store.begin(&self.space.namespace, request.begin(&request.dependencies)).await?;
        let stamps: Vec<_> = begun.stamps.iter().map(|(partition, stamp)| (*partition, Some(*stamp))).collect();
        let marks = observe(grounds, &sent, &stamps, self.shared.settings.lease_ms);
        Ok((begun, marks))
    }
}
