//! Behind another call's flight: waiting for what it lands with, taking its place, or loading alone.

use super::caller::Caller;
use super::ground::Ground;
use super::read::{Arrival, Departed, Landing};
use super::request::Request;
use super::{Cache, Peeked};
use crate::codec::{Value, Wire};
use crate::flight::{Boarding, Followed, Follower};
use crate::outcome::{Outcome, Tier};
use crate::telemetry::Notice;

impl Cache {
    /// Gets what the flight lands with, or something else that may answer, or the right to load.
    pub(super) async fn arrive_behind(
        &self,
        follower: Follower<Departed, Landing>,
        caller: &Caller,
        request: &Request,
        wire: &dyn Wire,
    ) -> Arrival {
        if self.would_be_shown(request)
            && let Some(value) = self.shown_when_asked(request, wire, &caller.grounds).await
        {
            return Arrival::Found(value);
        }
        self.arrive_by(Boarding::Follow(follower), caller, request, wire).await
    }

    /// From its flight on.
    pub(super) async fn arrive_by(
        &self,
        mut boarding: Boarding<Departed, Landing>,
        caller: &Caller,
        request: &Request,
        wire: &dyn Wire,
    ) -> Arrival {
        loop {
            match boarding {
                Boarding::Lead(lead) => return self.lead(request, wire, caller.grounds.clone(), lead).await,
                Boarding::Follow(follower) => match self.follow(request, follower).await {
                    Followed::Lead(lead) => return self.lead(request, wire, caller.grounds.clone(), lead).await,
                    Followed::Alone => return self.alone(request, &caller.grounds).await,
                    Followed::Landed(landing) if caller.may_have(self, request, &landing) => {
                        match self.share(request, landing, wire) {
                            Some(value) => return Arrival::Found(value),
                            None => return self.alone(request, &caller.grounds).await,
                        }
                    }
                    // It landed with something older than this caller may see, as far as can be told: begin anew. What
                    // it kept may still be found to be valid.
                    Followed::Landed(_) => {
                        if let Some(value) = self.kept_by_now(request, wire) {
                            return Arrival::Found(value);
                        }
                    }
                },
            }
            boarding = self.board(caller, request);
        }
    }

    /// What memory has that may answer and need not be loaded anew.
    fn kept_by_now(&self, request: &Request, wire: &dyn Wire) -> Option<Option<Value>> {
        let Peeked::Hit(slot) = self.peek_for(request) else { return None };
        slot.value.as_ref().is_none_or(|value| request.knows(wire, value)).then(|| slot.value.clone())
    }

    async fn follow(&self, request: &Request, follower: Follower<Departed, Landing>) -> Followed<Departed, Landing> {
        let began = self.shared.clock.elapsed();
        let followed = match request.policy.max_wait {
            None => Ok(follower.wait().await),
            Some(max_wait) => tokio::time::timeout(max_wait, follower.wait()).await,
        };
        self.meter(request.group).wait_time.note(self.shared.clock.elapsed().saturating_sub(began));
        let Ok(followed) = followed else { return Followed::Alone };
        if matches!(followed, Followed::Alone) {
            self.meter(request.group).circular_waits.count();
            self.tell(&Notice::CircularWait { key: request.key.as_str() });
        }
        followed
    }

    /// A load that is shared with nobody.
    async fn alone(&self, request: &Request, grounds: &[Ground]) -> Arrival {
        Arrival::Load(Box::new(self.begin(request, grounds.to_vec(), None, None).await))
    }

    /// The value another caller landed; none if it is of another type, which a key shared by mistake can bring about.
    fn share(&self, request: &Request, landing: Landing, wire: &dyn Wire) -> Option<Option<Value>> {
        if landing.value.as_ref().is_some_and(|value| !request.knows(wire, value)) {
            return None;
        }
        self.meter(request.group).flights_joined.count();
        self.answered(request.group, || {
            let outcome = Outcome::of(Tier::Flight, self.now_ms().saturating_sub(landing.loaded_ms));
            if landing.is_stale { outcome.stale() } else { outcome }
        });
        Some(landing.value)
    }
}
