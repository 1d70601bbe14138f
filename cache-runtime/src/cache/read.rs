//! Reading: memory, the flight, memory again, the store with its stamps, and at last the right to load.
//!
//! The order is the algorithm; `docs/protocol.md` proves it. A call that finds nothing ends with a [`Turn`], which
//! `write.rs` commits.

use super::Cache;
use super::knowledge::Mark;
use super::l1::{Backing, Ground, Rooted, Slot, Standing};
use super::request::Request;
use super::stamps::{departures, is_valid, observe};
use crate::codec::{Value, Wire};
use crate::envelope::{Envelope, HEAD_BYTES, Unreadable, identity_of};
use crate::error::StoreError;
use crate::flight::{Boarding, Followed, Follower, Lead};
use crate::key::Id;
use crate::outcome::{Outcome, Tier};
use crate::stamp::Partition;
use crate::store::{Begin, Begun, Read, Snapshot, Store, Want};
use crate::telemetry::Notice;
use std::sync::Arc;
use std::time::Duration;

/// Up to where each partition was known when something began.
pub(crate) type Marks = Arc<[(Partition, Mark)]>;

/// What a flight lands with.
#[derive(Clone, Debug)]
pub(crate) struct Landing {
    pub(crate) value: Option<Value>,
    pub(crate) marks: Marks,
    pub(crate) loaded_ms: u64,
}

/// What became of a call that memory could not answer.
pub(crate) enum Arrival {
    /// An answer, `None` being a remembered or shared absence.
    Found(Option<Value>),
    /// Nobody has it: load it.
    Load(Turn),
}

/// The right to load an entry and to commit what was loaded.
pub(crate) struct Turn {
    /// None if this load is shared with nobody.
    pub(crate) lead: Option<Lead<Marks, Landing>>,
    pub(crate) grounds: Vec<Ground>,
    pub(crate) marks: Marks,
    /// None if the store takes no part.
    pub(crate) begun: Option<Begun>,
    pub(crate) started_ms: u64,
}

impl Cache {
    /// Answers from memory, if it can do so without asking anybody.
    pub(crate) fn peek(&self, print: Id) -> Option<Arc<Slot>> {
        let slot = self.shared.l1.as_ref()?.get(print)?;
        let now_ms = self.now_ms();
        match slot.standing(now_ms) {
            Standing::Valid => {
                self.shared.counters.l1_hits.count();
                crate::outcome::record(Outcome::of(Tier::L1, now_ms.saturating_sub(slot.loaded_ms)));
                Some(slot)
            }
            Standing::Doubtful | Standing::Invalid => None,
        }
    }

    /// Finds an entry, or gets the right to load it.
    pub(crate) async fn arrive(&self, request: &Request, wire: &dyn Wire) -> Arrival {
        let grounds = request.grounds(self);
        // What this caller knows when it arrives: it may be given nothing older.
        let known: Vec<(Partition, u64)> = grounds.iter().map(Ground::known).collect();
        loop {
            match self.shared.flights.board(request.key.id(), |begun| covers(begun, &known)) {
                Boarding::Lead(lead) => return self.lead(request, wire, grounds, lead).await,
                Boarding::Follow(follower) => match self.follow(request, follower).await {
                    Followed::Lead(lead) => return self.lead(request, wire, grounds, lead).await,
                    Followed::Alone => return Arrival::Load(self.begin(request, grounds, None).await),
                    Followed::Landed(landing) if covers(&landing.marks, &known) => match self.share(landing, wire) {
                        Some(value) => return Arrival::Found(value),
                        None => return Arrival::Load(self.begin(request, grounds, None).await),
                    },
                    // It landed with something older than this caller may see: begin anew.
                    Followed::Landed(_) => {}
                },
            }
        }
    }

    /// Finds an entry without ever loading it, or waiting for somebody who does.
    pub(crate) async fn look_only(&self, request: &Request, wire: &dyn Wire) -> Option<Option<Value>> {
        let (slot, hits) = match self.look_again(request, wire).await {
            Some(slot) => (slot, &self.shared.counters.l1_hits),
            None => {
                let slot = self.look_in_store(request, wire, &request.grounds(self)).await;
                let Some(slot) = slot else {
                    self.shared.counters.misses.count();
                    return None;
                };
                (slot, &self.shared.counters.l2_hits)
            }
        };
        hits.count();
        Some(slot.value.clone())
    }

    /// Gets the right to load whatever is cached.
    pub(crate) async fn arrive_to_refresh(&self, request: &Request) -> Turn {
        let grounds = request.grounds(self);
        match self.shared.flights.board(request.key.id(), |_| false) {
            Boarding::Lead(lead) => self.begin(request, grounds, Some(lead)).await,
            // A flight that has not begun its load may be joined whatever the condition; this load is its own then.
            Boarding::Follow(_) => self.begin(request, grounds, None).await,
        }
    }

    async fn follow(&self, request: &Request, follower: Follower<Marks, Landing>) -> Followed<Marks, Landing> {
        let followed = match request.policy.max_wait {
            None => follower.wait().await,
            Some(max_wait) => match tokio::time::timeout(max_wait, follower.wait()).await {
                Ok(followed) => followed,
                Err(_elapsed) => return Followed::Alone,
            },
        };
        if matches!(followed, Followed::Alone) {
            self.shared.counters.circular_waits.count();
            self.tell(&Notice::CircularWait { key: request.key.as_str() });
        }
        followed
    }

    /// The value another caller landed; none if it is of another type, which a key shared by mistake can bring about.
    fn share(&self, landing: Landing, wire: &dyn Wire) -> Option<Option<Value>> {
        if landing.value.as_ref().is_some_and(|value| !wire.knows(value)) {
            return None;
        }
        self.shared.counters.flights_joined.count();
        crate::outcome::record(Outcome::of(Tier::Flight, self.now_ms().saturating_sub(landing.loaded_ms)));
        Some(landing.value)
    }

    async fn lead(
        &self,
        request: &Request,
        wire: &dyn Wire,
        grounds: Vec<Ground>,
        lead: Lead<Marks, Landing>,
    ) -> Arrival {
        let found = match self.look_again(request, wire).await {
            Some(slot) => Some((slot, Tier::L1)),
            None => self.look_in_store(request, wire, &grounds).await.map(|slot| (slot, Tier::L2)),
        };
        let Some((slot, tier)) = found else {
            self.shared.counters.misses.count();
            return Arrival::Load(self.begin(request, grounds, Some(lead)).await);
        };
        let hits = if tier == Tier::L1 { &self.shared.counters.l1_hits } else { &self.shared.counters.l2_hits };
        hits.count();
        crate::outcome::record(Outcome::of(tier, self.now_ms().saturating_sub(slot.loaded_ms)));
        lead.land(Landing { value: slot.value.clone(), marks: slot.marks(), loaded_ms: slot.loaded_ms });
        Arrival::Found(slot.value.clone())
    }

    /// Memory once more: another flight may have landed since, the key may be there under another fingerprint, and an
    /// entry that is only doubtful is worth a question.
    async fn look_again(&self, request: &Request, wire: &dyn Wire) -> Option<Arc<Slot>> {
        let l1 = self.shared.l1.as_ref().filter(|_| request.tiers().has_l1())?;
        let own = l1.get(request.print);
        if let Some(slot) = own.as_ref().filter(|slot| slot.standing(self.now_ms()) == Standing::Invalid) {
            l1.discard(request.print, slot);
        }
        let candidates = [own, l1.get_by_key(request.key.id())];
        let is_of_use = |slot: &Arc<Slot>| {
            let is_its_type = slot.value.as_ref().is_none_or(|value| wire.knows(value));
            is_its_type && slot.standing(self.now_ms()) != Standing::Invalid
        };
        let slot = candidates.into_iter().flatten().find(is_of_use)?;
        match slot.standing(self.now_ms()) {
            Standing::Valid => {
                if l1.get(request.print).is_none_or(|own| !Arc::ptr_eq(&own, &slot)) {
                    l1.insert(request.print, slot.clone());
                }
                Some(slot)
            }
            Standing::Doubtful => self.revalidate(request, &slot).await,
            Standing::Invalid => None,
        }
    }

    /// Asks the store whether an entry in memory still holds; the value does not travel.
    async fn revalidate(&self, request: &Request, slot: &Arc<Slot>) -> Option<Arc<Slot>> {
        if slot.backing == Backing::Nothing {
            return None;
        }
        let request = request.clone().depending_on(&slot.listed);
        let grounds = request.grounds(self);
        let stamps: Vec<_> = slot.grounds.iter().map(Rooted::stamp).collect::<Option<_>>()?;
        let (snapshot, marks) = self.read_store(&request, &grounds, Want::Head(HEAD_BYTES)).await?;
        let same = match slot.backing {
            Backing::Entry(identity) => snapshot.entry.as_deref().and_then(identity_of) == Some(identity),
            Backing::Generation => true,
            Backing::Nothing => false,
        };
        if !same || !is_valid(&stamps, &request, &snapshot, self.partitions()) {
            return None;
        }
        self.shared.counters.revalidated.count();
        let renewed = Arc::new(Slot {
            value: slot.value.clone(),
            listed: slot.listed.clone(),
            grounds: rooted(&grounds, &marks)?,
            life: Duration::from_millis(slot.expires_ms.saturating_sub(self.now_ms())),
            ..**slot
        });
        self.shared.l1.as_ref()?.insert(request.print, renewed.clone());
        Some(renewed)
    }

    /// The store's entry, if it is valid. One that lists dependencies of its own is read a second time, with these.
    async fn look_in_store(&self, request: &Request, wire: &dyn Wire, grounds: &[Ground]) -> Option<Arc<Slot>> {
        if !request.tiers().has_l2() {
            return None;
        }
        let codec = wire.codec(self.shared.settings.codec)?;
        let (snapshot, marks) = self.read_store(request, grounds, Want::Whole).await?;
        let (envelope, _) = self.open(request, wire, codec, snapshot.entry.as_deref()?)?;
        let listed: Arc<[_]> = envelope.listed.iter().map(|text| self.name(text.clone())).collect();
        if listed.iter().all(|name| request.dependencies.contains(name)) {
            return self.take(request, wire, codec, &snapshot, rooted(grounds, &marks)?);
        }
        let request = request.clone().depending_on(&listed);
        let grounds = request.grounds(self);
        let (snapshot, marks) = self.read_store(&request, &grounds, Want::Whole).await?;
        let (envelope, _) = self.open(&request, wire, codec, snapshot.entry.as_deref()?)?;
        // Replaced in between, by one that lists others: rare enough to load.
        let same =
            envelope.listed.len() == listed.len() && envelope.listed.iter().zip(&*listed).all(|(a, b)| a == b.as_str());
        if !same {
            return None;
        }
        self.take(&request, wire, codec, &snapshot, rooted(&grounds, &marks)?)
    }

    fn open<'b>(&self, request: &Request, wire: &dyn Wire, codec: u8, bytes: &'b [u8]) -> Option<(Envelope, &'b [u8])> {
        let opened = Envelope::open(bytes);
        let readable = opened
            .and_then(|(envelope, payload)| envelope.readable_as(codec, wire.schema()).map(|()| (envelope, payload)));
        readable.map_err(|reason| self.unreadable(request, reason)).ok()
    }

    /// Decodes an entry that was read with all its dependencies, if it is valid, and keeps it in memory for as long as it
    /// has left to live.
    fn take(
        &self,
        request: &Request,
        wire: &dyn Wire,
        codec: u8,
        snapshot: &Snapshot,
        grounds: Box<[Rooted]>,
    ) -> Option<Arc<Slot>> {
        let (envelope, payload) = self.open(request, wire, codec, snapshot.entry.as_deref()?)?;
        if !is_valid(&envelope.stamps, request, snapshot, self.partitions()) {
            return None;
        }
        let now_ms = self.now_ms();
        let remaining_ms = envelope.remaining_ms(self.shared.clock.wall_ms());
        let left_ms = remaining_ms.min(request.life_ms(envelope.absent));
        if left_ms == 0 {
            return None;
        }
        let value = match envelope.absent {
            true => None,
            false => match wire.decode(self.shared.settings.codec, payload) {
                Ok(value) => Some(value),
                Err(_) => {
                    self.unreadable(request, Unreadable::Corrupt);
                    return None;
                }
            },
        };
        let slot = Arc::new(Slot {
            value,
            key: request.key.id(),
            listed: request.listed.clone(),
            weight: super::write::weight(payload.len() + wire.size(), &grounds),
            grounds,
            backing: Backing::Entry(envelope.identity),
            loaded_ms: now_ms.saturating_sub(envelope.ttl_ms.saturating_sub(remaining_ms)),
            expires_ms: now_ms.saturating_add(left_ms),
            life: Duration::from_millis(left_ms),
        });
        if let Some(l1) = self.shared.l1.as_ref().filter(|_| request.tiers().has_l1()) {
            l1.insert(request.print, slot.clone());
        }
        Some(slot)
    }

    /// One round trip; what it says of the partitions is learned whatever becomes of the entry.
    async fn read_store(&self, request: &Request, grounds: &[Ground], want: Want) -> Option<(Snapshot, Marks)> {
        let store = self.shared.store.as_ref()?;
        let sent = departures(grounds, self.now_ms());
        let read = Read { key: &request.key, dependencies: &request.dependencies, want };
        let snapshot = match store.read(&self.space.namespace, read).await {
            Ok(snapshot) => snapshot,
            Err(error) => return self.store_failed("read", &error),
        };
        let marks = observe(grounds, &sent, &snapshot.partitions, self.shared.settings.lease_ms)?;
        Some((snapshot, marks))
    }

    /// Takes the stamps that the load will be committed with. They must be older than the load.
    async fn begin(&self, request: &Request, grounds: Vec<Ground>, lead: Option<Lead<Marks, Landing>>) -> Turn {
        let begun = match &self.shared.store {
            None => None,
            Some(store) => match self.begin_in_store(&**store, request, &grounds).await {
                Ok((begun, marks)) => marks.map(|marks| (begun, marks)),
                Err(error) => self.store_failed("begin", &error),
            },
        };
        let marks = match &begun {
            Some((_, marks)) => marks.clone(),
            None => grounds.iter().map(|ground| (ground.knowledge.partition(), ground.knowledge.now())).collect(),
        };
        if let Some(lead) = &lead {
            lead.begin(marks.clone());
        }
        Turn { lead, grounds, marks, begun: begun.map(|(begun, _)| begun), started_ms: self.now_ms() }
    }

    /// The marks are none if the answer is older than what is known by now; what is loaded is not kept then.
    pub(super) async fn begin_in_store(
        &self,
        store: &dyn Store,
        request: &Request,
        grounds: &[Ground],
    ) -> Result<(Begun, Option<Marks>), StoreError> {
        let sent = departures(grounds, self.now_ms());
        let begin = Begin {
            key: &request.key,
            dependencies: &request.dependencies,
            generation_life_ms: request.longest_life_ms().saturating_add(super::GENERATION_MARGIN_MS),
            fence_life_ms: super::FENCE_LIFE_MS,
        };
        let begun = store.begin(&self.space.namespace, begin).await?;
        let stamps: Vec<_> = begun.stamps.iter().map(|(partition, stamp)| (*partition, Some(*stamp))).collect();
        let marks = observe(grounds, &sent, &stamps, self.shared.settings.lease_ms);
        Ok((begun, marks))
    }

    fn unreadable(&self, request: &Request, reason: Unreadable) {
        self.shared.counters.unreadable.count();
        let reason = match reason {
            Unreadable::Corrupt => "the bytes are not an entry, or were altered",
            Unreadable::Format => "written by another format version",
            Unreadable::Codec => "written with another codec",
            Unreadable::Schema => "written for another type or version",
        };
        self.tell(&Notice::Unreadable { key: request.key.as_str(), reason });
    }
}

/// Whether something from the moments `marks` may be given to a caller that knows of bumps up to `known`.
fn covers(marks: &Marks, known: &[(Partition, u64)]) -> bool {
    known.iter().all(|(partition, bumped)| {
        marks.iter().find(|(of, _)| of == partition).is_some_and(|(_, mark)| *bumped <= mark.raw())
    })
}

/// The grounds, each with its mark.
pub(super) fn rooted(grounds: &[Ground], marks: &Marks) -> Option<Box<[Rooted]>> {
    let root = |ground: &Ground| {
        let partition = ground.knowledge.partition();
        let (_, mark) = marks.iter().find(|(of, _)| *of == partition)?;
        Some(Rooted { ground: ground.clone(), mark: *mark })
    };
    grounds.iter().map(root).collect()
}
