//! Several entries at once: one look into memory, one question to the store, one load of what nobody has.
//!
//! Every id boards a flight of its own, which it shares with calls of one id and with other batches. Whoever leads some
//! flights and waits for others may be waited for by their leaders; `flight.rs` knows of it, and lets one load alone.

use super::Cache;
use super::caller::Caller;
use super::ground::Ground;
use super::look::{Answer, Remembered, Seen, Sighting, Trail, Weighed};
use super::read::{Arrival, Lead, Looked, Turn};
use super::request::Request;
use super::slot::Slot;
use super::stamps::{departures, observe};
use crate::codec::{CacheCodec, Cacheable, TypedWire, Value, Wire, typed};
use crate::error::Error;
use crate::flight::Boarding;
use crate::load::outside;
use crate::outcome::{Outcome, Tier};
use crate::policy::Policy;
use crate::store::{Read, Want, as_one_call};
use crate::telemetry::Group;
use crate::telemetry::spans::{self, Operation};
use futures_util::future::join_all;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

impl Cache {
    /// The values under several keys of one's own making, in their order, each if a tier has it; what memory lacks is one
    /// question to the store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, Policy};
    /// use std::time::Duration;
    ///
    /// let cache = Cache::builder().build().await?;
    /// cache.set("one", 1_u64, Policy::ttl(Duration::from_secs(60))).await?;
    /// assert_eq!(cache.get_many::<u64>(&["two", "one"]).await, [None, Some(1)]);
    /// # Ok(()) }
    /// ```
    pub async fn get_many<T: Cacheable>(&self, keys: &[&str]) -> Vec<Option<T>> {
        if !self.is_open() {
            return keys.iter().map(|_| None).collect();
        }
        spans::around(Operation::Get, self.span(), self.find_many(keys)).await
    }

    async fn find_many<T: Cacheable>(&self, keys: &[&str]) -> Vec<Option<T>> {
        let wire = TypedWire::<T, _>::new(CacheCodec, 0);
        let by_hand = |key: &&str| Request::by_hand(self, key, Policy::ttl(Duration::MAX));
        let requests: Vec<Request> = keys.iter().map(by_hand).collect();
        let mut values: Vec<Option<T>> =
            requests.iter().map(|request| typed(self.peek_for(request).answer()?.value.as_ref()?)).collect();
        let missing: Vec<usize> = (0..keys.len()).filter(|at| values[*at].is_none()).collect();
        let asked: Vec<Request> = missing.iter().map(|at| requests[*at].clone()).collect();
        for (at, found) in missing.iter().zip(self.look_only_at_all(&asked, &wire).await) {
            values[*at] = found.flatten().as_ref().and_then(typed);
        }
        values
    }

    /// Removes the entries of several keys, as [`remove`](Self::remove) does; in one step, on a cluster in one for each
    /// partition involved. Tells how many a tier had.
    ///
    /// # Errors
    /// If the store did not do it for all of them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Cache, Policy};
    /// use std::time::Duration;
    ///
    /// let cache = Cache::builder().build().await?;
    /// cache.set("one", 1_u64, Policy::ttl(Duration::from_secs(60))).await?;
    /// assert_eq!(cache.remove_many(&["one", "two"]).await?, 1);
    /// # Ok(()) }
    /// ```
    pub async fn remove_many(&self, keys: &[&str]) -> Result<usize, Error> {
        let keys: Vec<_> = keys.iter().map(|key| self.name((*key).to_owned())).collect();
        spans::attempt(Operation::Remove, self.span(), self.remove_keys(&keys)).await
    }

    /// Finds entries without ever loading them, or waiting for somebody who does.
    pub(crate) async fn look_only_at_all(&self, requests: &[Request], wire: &dyn Wire) -> Vec<Option<Option<Value>>> {
        let callers: Vec<Caller> = requests.iter().map(|request| Caller::new(self, request)).collect();
        let asked: Vec<(&Request, &Caller)> = requests.iter().zip(&callers).collect();
        let value = |(seen, request): (Seen, &Request)| match seen.fresh {
            Some((seen, tier)) => {
                self.record_hit(&seen.slot, tier, false);
                Some(Slot::into_value(seen.slot))
            }
            None => {
                self.missed(request);
                None
            }
        };
        self.look_at_all(&asked, wire).await.into_iter().zip(requests).map(value).collect()
    }

    /// Finds the entries of several requests, or gets the right to load them: as [`arrive`](Self::arrive) does for one.
    pub(crate) async fn arrive_all(&self, requests: &[Request], wire: &dyn Wire) -> Vec<Arrival> {
        as_one_call(pin!(self.all_arrived(requests, wire))).await
    }

    async fn all_arrived(&self, requests: &[Request], wire: &dyn Wire) -> Vec<Arrival> {
        let mut leads = Vec::new();
        let mut follows = Vec::new();
        for (at, request) in requests.iter().enumerate() {
            let caller = Caller::new(self, request);
            match self.board(&caller, request) {
                Boarding::Lead(lead) => leads.push((at, caller, lead)),
                follow @ Boarding::Follow(_) => follows.push((at, caller, follow)),
            }
        }
        let asked: Vec<(&Request, &Caller)> = leads.iter().map(|(at, caller, _)| (&requests[*at], caller)).collect();
        let seen = self.look_at_all(&asked, wire).await;
        let mut arrivals = Vec::with_capacity(requests.len());
        let mut unanswered = Vec::new();
        for ((at, caller, lead), seen) in leads.into_iter().zip(seen) {
            match self.answer_at_once(&requests[at], lead, seen) {
                Looked::Answered(arrival) => arrivals.push((at, arrival)),
                Looked::Nothing(lead, seen) => unanswered.push((at, caller, lead, seen)),
            }
        }
        let led = unanswered.into_iter().map(|(at, caller, lead, seen)| async move {
            (at, self.take_turn(&requests[at], wire, caller.grounds, lead, seen).await)
        });
        arrivals.extend(join_all(led).await);
        for (at, caller, boarding) in follows {
            // Known as the leader of what it leads so far, or two batches could wait for each other.
            let leads: Vec<_> = arrivals.iter().filter_map(|(_, arrival)| lead_of(arrival)).collect();
            let arrive = self.arrive_by(boarding, &caller, &requests[at], wire);
            let arrival = Lead::load_all(leads.into_iter(), arrive).await;
            arrivals.push((at, arrival));
        }
        arrivals.sort_unstable_by_key(|(at, _)| *at);
        arrivals.into_iter().map(|(_, arrival)| arrival).collect()
    }

    /// Runs the load of several turns as the load of each.
    pub(crate) async fn run_all<F: Future>(&self, turns: &[&Turn], load: F) -> F::Output {
        let group = turns.first().map_or(Group::BY_HAND, |turn| turn.group);
        let meter = self.meter(group);
        let began = self.shared.clock.elapsed();
        meter.loads.count();
        // It is the load of several entries, and of none in particular.
        let load = spans::load(self.span_of(group), outside(load));
        let output = Lead::load_all(turns.iter().filter_map(|turn| turn.lead.as_ref()), load).await;
        meter.load_time.note(self.shared.clock.elapsed().saturating_sub(began));
        self.answered(group, || Outcome::of(Tier::Load, 0));
        output
    }

    /// Memory once more, and the store in one question for all that it lacks.
    async fn look_at_all(&self, asked: &[(&Request, &Caller)], wire: &dyn Wire) -> Vec<Seen> {
        let stale: Vec<_> = asked.iter().map(|(request, _)| self.stale_in_memory(request, wire)).collect();
        let again = self.look_again_at_all(asked, wire).await;
        let missing: Vec<usize> = (0..asked.len()).filter(|at| again[*at].is_none()).collect();
        let left: Vec<(&Request, &Caller)> = missing.iter().map(|at| asked[*at]).collect();
        let in_store = self.look_in_store_at_all(&left, wire).await;
        let in_memory = |(seen, stale): (Option<Sighting>, _)| match seen {
            Some(seen) => {
                self.shared.meters.hit(seen.slot.group());
                Seen { fresh: Some((seen, Tier::L1)), ..Seen::default() }
            }
            None => Seen { stale, ..Seen::default() },
        };
        let mut all: Vec<Seen> = again.into_iter().zip(stale).map(in_memory).collect();
        for (at, seen) in missing.into_iter().zip(in_store) {
            let seen = seen.unwrap_or_default();
            if seen.fresh.is_some() {
                self.meter(asked[at].0.group).l2_hits.count();
            }
            all[at] = seen.or_newer(all[at].stale.take());
        }
        all
    }

    /// Memory once more. What is only doubtful there is asked for one by one: of such entries no value travels.
    async fn look_again_at_all(&self, asked: &[(&Request, &Caller)], wire: &dyn Wire) -> Vec<Option<Sighting>> {
        let mut doubtful = Vec::new();
        let remembered = |(at, (request, _)): (usize, &(&Request, &Caller))| match self.remember_again(request, wire)? {
            Remembered::Holds(seen) => Some(seen),
            Remembered::Doubtful(slot) => {
                doubtful.push((at, slot));
                None
            }
        };
        let mut all: Vec<Option<Sighting>> = asked.iter().enumerate().map(remembered).collect();
        let revalidated = doubtful.iter().map(|(at, slot)| self.revalidate_own(asked[*at].0, wire, slot));
        for ((at, _), seen) in doubtful.iter().zip(join_all(revalidated).await) {
            all[*at] = seen;
        }
        all
    }

    /// One question for all; and one more for those that it did not settle: what lies beside an entry of another shape, or
    /// has dependencies that its request does not know of, as a tag of the value.
    async fn look_in_store_at_all(&self, asked: &[(&Request, &Caller)], wire: &dyn Wire) -> Vec<Option<Seen>> {
        let mut all: Vec<Option<Seen>> = asked.iter().map(|_| None).collect();
        let Some(codec) = wire.codec(self.shared.settings.codec) else { return all };
        let wanted: Vec<usize> = (0..asked.len()).filter(|at| asked[*at].0.tiers().has_l2()).collect();
        let first: Vec<_> = wanted.iter().map(|at| (asked[*at].0, &*asked[*at].1.grounds)).collect();
        let mut left = Vec::new();
        for (at, answer) in wanted.into_iter().zip(self.read_store_of_all(&first).await) {
            let Some(answer) = answer else { continue };
            let ((request, Caller { grounds, .. }), mut trail) = (asked[at], Trail::default());
            match self.weigh(answer, request, grounds, &mut trail, wire, codec) {
                Weighed::Seen(seen) => all[at] = Some(seen),
                Weighed::Elsewhere(next) => left.push((at, next, trail)),
            }
        }
        while !left.is_empty() {
            let grounds: Vec<_> = left.iter().map(|(_, request, _)| request.grounds(self)).collect();
            let again: Vec<_> =
                left.iter().zip(&grounds).map(|((_, request, _), grounds)| (request, &**grounds)).collect();
            let answers = self.read_store_of_all(&again).await;
            let mut further = Vec::new();
            for (((at, request, mut trail), grounds), answer) in left.into_iter().zip(&grounds).zip(answers) {
                let weighed = answer.map(|answer| self.weigh(answer, &request, grounds, &mut trail, wire, codec));
                match weighed {
                    Some(Weighed::Elsewhere(next)) => further.push((at, next, trail)),
                    Some(Weighed::Seen(seen)) => all[at] = Some(seen),
                    None => all[at] = Some(trail.end(None)),
                }
            }
            left = further;
        }
        all
    }

    /// One question to the store; no answer about what it may not be asked for yet.
    async fn read_store_of_all(&self, asked: &[(&Request, &[Ground])]) -> Vec<Option<Answer>> {
        let mut all: Vec<Option<Answer>> = asked.iter().map(|_| None).collect();
        let wanted: Vec<usize> = (0..asked.len()).filter(|at| !asked[*at].1.iter().any(Ground::is_owed)).collect();
        let Some(store) = self.shared.store.as_ref().filter(|_| !wanted.is_empty()) else { return all };
        let (began, now_ms) = (self.moment(), self.now_ms());
        let sent: Vec<_> = wanted.iter().map(|at| departures(asked[*at].1, now_ms)).collect();
        let read = |at: &usize| {
            let request = asked[*at].0;
            Read { key: &request.key, dependencies: &request.dependencies, want: Want::Whole }
        };
        let reads: Vec<Read<'_>> = wanted.iter().map(read).collect();
        let snapshots = match store.read_many(&self.space.namespace, &reads).await {
            Ok(snapshots) => snapshots,
            Err(error) => {
                self.store_failed::<()>("read", &error);
                return all;
            }
        };
        for ((at, sent), snapshot) in wanted.into_iter().zip(sent).zip(snapshots) {
            let marks = observe(asked[at].1, &sent, &snapshot.partitions, self.shared.settings.lease_ms);
            all[at] = marks.map(|marks| (snapshot, marks, began));
        }
        all
    }
}

fn lead_of(arrival: &Arrival) -> Option<&Lead> {
    match arrival {
        Arrival::Load(turn) => turn.lead.as_ref(),
        Arrival::Found(_) | Arrival::Due(_) => None,
    }
}
