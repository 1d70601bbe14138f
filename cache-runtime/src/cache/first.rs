//! The first question of a call, which for most is the last: asked in the call's own future, and weighed there.
//!
//! The order is that of `read.rs`. What has to be weighed before the question, or asked after it, goes on there; a call
//! that is simply answered has room for neither, and makes no entry in memory where there is no memory.

use super::Cache;
use super::decoded::Decoded;
use super::demand::Moment;
use super::ground::Ground;
use super::look::{Opened, Seen, Trail};
use super::read::{Arrival, Boarded, Departed, Landing, Lead, Looked, Marks};
use super::request::Request;
use super::sequence::Departure;
use super::stamps::{departures, rooted};
use crate::codec::{Value, Wire};
use crate::error::StoreError;
use crate::few::Few;
use crate::outcome::{Outcome, Tier};
use crate::store::{Asking, Guarded, Read, Snapshot, Want, as_one_call, as_same_call};
use crate::telemetry::ActivityKind;
use std::pin::pin;

/// A question, and as of when it is asked.
struct Question<'c> {
    guard: &'c Guarded,
    codec: u8,
    asking: Asking,
    asked: Moment,
    sent: Few<Departure>,
}

/// What the answer to it comes to, if the call goes on.
enum Further {
    /// There is nothing that may answer.
    Nothing(Lead, Seen),
    /// The store is to be asked for something else.
    Elsewhere(Lead, Request, Trail),
}

impl Cache {
    /// Finds an entry, or gets the right to load it.
    pub(crate) async fn arrive(&self, request: &Request, wire: &dyn Wire) -> Arrival {
        if let Some(value) = self.stale_meanwhile(request, wire) {
            return Arrival::Found(value);
        }
        let (lead, grounds) = match self.depart(request) {
            Boarded::Own(lead, grounds) => (lead, grounds),
            // In a box: who follows waits anyway, and every call would have room for it.
            Boarded::Behind(follower, caller) => {
                let behind = async { as_one_call(pin!(self.arrive_behind(follower, &caller, request, wire))).await };
                return Box::pin(behind).await;
            }
        };
        let Some(question) = self.question(request, wire, &grounds) else {
            return as_one_call(pin!(self.lead(request, wire, grounds, lead))).await;
        };
        request.note_lead();
        let read = Read { key: &request.key, dependencies: &request.dependencies, want: Want::Whole };
        let answer = question.guard.ask_first(&self.space.namespace, &read, &question.asking).await;
        match self.answered_first(request, wire, &grounds, &question, answer, lead) {
            Ok(arrival) => arrival,
            // In a box: a load takes several times the room that a hit has to have.
            Err(further) => {
                let go_on = async {
                    let go_on = pin!(self.go_on(request, wire, grounds, question.codec, further));
                    as_same_call(&question.asking, go_on).await
                };
                Box::pin(go_on).await
            }
        }
    }

    /// None if memory has something to say first, or the store takes no part.
    fn question(&self, request: &Request, wire: &dyn Wire, grounds: &[Ground]) -> Option<Question<'_>> {
        let guard = self.shared.guard.as_ref().filter(|_| request.tiers().has_l2())?;
        let codec = wire.codec(self.shared.settings.codec)?;
        let is_known = self.stale_in_memory(request, wire).is_some() || self.remember_again(request, wire).is_some();
        if is_known || grounds.iter().any(Ground::is_owed) {
            return None;
        }
        let asking = guard.asking();
        let asked = self.moment_at(self.shared.clock.ms_at(asking.began()));
        let sent = departures(grounds, asked.ms());
        Some(Question { guard, codec, asking, asked, sent })
    }

    /// What the store says of it is learned whatever becomes of the entry.
    fn answered_first(
        &self,
        request: &Request,
        wire: &dyn Wire,
        grounds: &[Ground],
        question: &Question<'_>,
        answer: Result<Snapshot, StoreError>,
        lead: Lead,
    ) -> Result<Arrival, Box<Further>> {
        let learned = self.learned(answer, grounds, &question.sent);
        let Some((snapshot, marks)) = learned else { return Err(Box::new(Further::Nothing(lead, Seen::default()))) };
        let mut trail = Trail::default();
        let now_ms = || self.shared.clock.ms_at(question.asking.ended());
        let seen = match self.opened(&snapshot, request, &mut trail, wire, question.codec, &now_ms) {
            Opened::Entry(decoded) if self.shared.l1.is_none() && decoded.is_plainly_fresh() => {
                return Ok(Arrival::Found(self.give(request, lead, decoded, marks, question.asked)));
            }
            Opened::Entry(decoded) => {
                rooted(grounds, &marks).map(|roots| self.seen(request, decoded, roots, question.asked))
            }
            Opened::Nothing => None,
            Opened::Elsewhere(next) => return Err(Box::new(Further::Elsewhere(lead, next, trail))),
        };
        let seen = trail.end(seen);
        self.count_if_fresh(request, &seen);
        match self.answer_at_once(request, lead, seen) {
            Looked::Answered(arrival) => Ok(arrival),
            Looked::Nothing(lead, seen) => Err(Box::new(Further::Nothing(lead, seen))),
        }
    }

    /// Answers with an entry that memory does not keep, and that nothing is to be drawn for.
    fn give(&self, request: &Request, lead: Lead, decoded: Decoded, marks: Marks, known: Moment) -> Option<Value> {
        let Decoded { value, loaded_ms, now_ms, .. } = decoded;
        self.meter(request.group).l2_hits.count();
        self.did(ActivityKind::Hit(Tier::L2), request);
        self.answered(request.group, || Outcome::of(Tier::L2, now_ms.saturating_sub(loaded_ms)));
        lead.land(|| Landing {
            value: value.clone(),
            is_loaded: false,
            is_stale: false,
            departed: Departed { marks, dependencies: request.dependencies.clone() },
            known,
            loaded_ms,
        });
        value
    }

    async fn go_on(
        &self,
        request: &Request,
        wire: &dyn Wire,
        grounds: Vec<Ground>,
        codec: u8,
        further: Box<Further>,
    ) -> Arrival {
        let (lead, seen) = match *further {
            Further::Nothing(lead, seen) => (lead, seen),
            Further::Elsewhere(lead, next, trail) => {
                let seen = Box::pin(self.look_elsewhere(next, trail, wire, codec)).await;
                self.count_if_fresh(request, &seen);
                match self.answer_at_once(request, lead, seen) {
                    Looked::Answered(arrival) => return arrival,
                    Looked::Nothing(lead, seen) => (lead, seen),
                }
            }
        };
        self.take_turn(request, wire, grounds, lead, seen).await
    }
}
