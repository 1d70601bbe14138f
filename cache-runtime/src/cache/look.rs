//! Looking for an entry: in memory once more, then in the store, which also tells whether what memory has still holds.

use super::Cache;
use super::backing::Backing;
use super::decoded::Decoded;
use super::demand::Moment;
use super::ground::{Ground, Root};
use super::read::Marks;
use super::request::Request;
use super::sequence::Departure;
use super::slot::{Made, Slot, Standing};
use super::stamps::{departures, is_valid, observe, rooted};
use crate::codec::Wire;
use crate::envelope::{Envelope, HEAD_BYTES, Unreadable, identity_of, schema_of};
use crate::error::StoreError;
use crate::outcome::Tier;
use crate::schema::Schema;
use crate::store::{Read, Snapshot, Want};
use crate::telemetry::Notice;
use std::sync::Arc;

/// An entry, and as of when it is known to hold.
pub(super) struct Sighting {
    pub(super) slot: Arc<Slot>,
    pub(super) known: Moment,
}

/// What memory has that may answer, or may if the store says so.
pub(super) enum Remembered {
    Holds(Sighting),
    Doubtful(Arc<Slot>),
}

/// What the store said, up to where its partitions were known with that, and as of when.
pub(super) type Answer = (Snapshot, Marks, Moment);

/// What the tiers have of an entry.
#[derive(Default)]
pub(super) struct Seen {
    /// What may answer, and who has it.
    pub(super) fresh: Option<(Sighting, Tier)>,
    /// The newest that may not, and may be shown as stale.
    pub(super) stale: Option<Sighting>,
    /// The identity of the entry that the store had, whatever it was good for.
    pub(super) met: Option<u64>,
    /// The shape of this program's values, if they lie beside an entry of another one.
    pub(super) aside: Option<Schema>,
}

impl Seen {
    pub(super) fn or_newer(mut self, stale: Option<Sighting>) -> Self {
        let loaded_ms = |seen: &Sighting| seen.slot.loaded_ms;
        self.stale = self.stale.into_iter().chain(stale).max_by_key(loaded_ms);
        self
    }
}

/// What the answers so far have shown of an entry that takes more than one.
#[derive(Default)]
pub(super) struct Trail {
    met: Option<u64>,
    aside: Option<Schema>,
    /// Whether it was asked for with the dependencies that it was found to have.
    has_all: bool,
}

impl Trail {
    pub(super) fn end(&self, seen: Option<Seen>) -> Seen {
        Seen { met: self.met, aside: self.aside, ..seen.unwrap_or_default() }
    }
}

/// What an answer of the store comes to.
pub(super) enum Weighed {
    Seen(Seen),
    /// The store is to be asked for this.
    Elsewhere(Request),
}

/// What the bytes of an answer come to.
pub(super) enum Opened {
    Entry(Decoded),
    Nothing,
    /// The store is to be asked for this.
    Elsewhere(Request),
}

impl Cache {
    /// Memory and the store, and which of them it was.
    pub(super) async fn look(&self, request: &Request, wire: &dyn Wire, grounds: &[Ground]) -> Seen {
        let stale = self.stale_in_memory(request, wire);
        if let Some(seen) = self.look_again(request, wire).await {
            self.shared.l1.iter().for_each(|l1| l1.mark_hit(request.print));
            self.meter(request.group).l1_hits.count();
            return Seen { fresh: Some((seen, Tier::L1)), ..Seen::default() };
        }
        // In a box of its own: that and the call's are then of sizes that an allocator has at hand.
        let seen = Box::pin(self.look_in_store(request, wire, grounds)).await.unwrap_or_default().or_newer(stale);
        self.count_if_fresh(request, &seen);
        seen
    }

    /// Counts what the store had.
    pub(super) fn count_if_fresh(&self, request: &Request, seen: &Seen) {
        if seen.fresh.is_some() {
            self.meter(request.group).l2_hits.count();
        }
    }

    /// What memory has that may not answer as a fresh value any more.
    pub(super) fn stale_in_memory(&self, request: &Request, wire: &dyn Wire) -> Option<Sighting> {
        let l1 = self.shared.l1.as_ref().filter(|_| request.serves_stale() && request.tiers().has_l1())?;
        let slot = l1.get(request.print).or_else(|| l1.get_by_key(request.key.id()))?;
        let is_of_use = slot.value.as_ref().is_none_or(|value| wire.knows(value))
            && request.is_covered_by_entry(&slot)
            && (self.is_to_be_revalidated(&slot) || self.may_stand_in(request, &slot));
        let known = self.holds_as_of(&slot);
        is_of_use.then_some(Sighting { slot, known })
    }

    /// Memory once more, and the store about what is only doubtful there.
    async fn look_again(&self, request: &Request, wire: &dyn Wire) -> Option<Sighting> {
        match self.remember_again(request, wire)? {
            Remembered::Holds(seen) => Some(seen),
            // In a box, as what follows below: no hit in the store has to have room for it.
            Remembered::Doubtful(slot) => Box::pin(self.revalidate_own(request, wire, &slot)).await,
        }
    }

    /// Memory once more: another flight may have landed since, the key may be there under another fingerprint, and an
    /// entry that is only doubtful is worth a question.
    pub(super) fn remember_again(&self, request: &Request, wire: &dyn Wire) -> Option<Remembered> {
        let l1 = self.shared.l1.as_ref().filter(|_| request.tiers().has_l1())?;
        let arrived = self.moment();
        let own = l1.get(request.print);
        let is_over = |slot: &&Arc<Slot>| {
            slot.standing(self.now_ms()) == Standing::Invalid
                && !(request.serves_stale() && slot.is_kept(self.now_ms()))
        };
        if let Some(slot) = own.as_ref().filter(is_over) {
            l1.discard(request.print, slot);
        }
        let is_of_use = |slot: &Arc<Slot>| {
            let is_its_type = slot.value.as_ref().is_none_or(|value| request.knows(wire, value));
            is_its_type && request.is_covered_by_entry(slot) && slot.standing(self.now_ms()) != Standing::Invalid
        };
        let own = own.filter(is_of_use);
        let is_own = own.is_some();
        let slot = own.or_else(|| l1.get_by_key(request.key.id()).filter(is_of_use))?;
        // Before the standing: a lease renewed in between may come with knowledge that ends this entry.
        let known = self.holds_as_of(&slot);
        match slot.standing(self.now_ms()) {
            Standing::Valid if request.demand.admits(arrived, known) => {
                if !is_own {
                    l1.insert(request.print, Slot::clone(&slot));
                }
                Some(Remembered::Holds(Sighting { slot, known }))
            }
            Standing::Valid | Standing::Doubtful => Some(Remembered::Doubtful(slot)),
            Standing::Invalid => None,
        }
    }

    /// Asks the store about an entry in memory that this request may be answered with.
    pub(super) async fn revalidate_own(
        &self,
        request: &Request,
        wire: &dyn Wire,
        slot: &Arc<Slot>,
    ) -> Option<Sighting> {
        let aside = (slot.key != request.key.id()).then(|| request.aside(self, wire.schema()));
        self.revalidate(aside.as_ref().unwrap_or(request), slot).await
    }

    /// Asks the store whether an entry in memory still holds; the value does not travel.
    pub(super) async fn revalidate(&self, request: &Request, slot: &Arc<Slot>) -> Option<Sighting> {
        if slot.backing() == Backing::Nothing {
            return None;
        }
        let request = request.depending_on(slot.dependencies().map(|text| self.name(text.to_owned())));
        let grounds = request.grounds(self);
        let stamps: Vec<_> = slot.roots().map(Root::stamp).collect::<Option<_>>()?;
        let (snapshot, marks, known) = self.read_store(&request, &grounds, Want::Head(HEAD_BYTES)).await?;
        let same = match slot.backing() {
            Backing::Entry(identity) => snapshot.entry.as_deref().and_then(identity_of) == Some(identity),
            Backing::Generation => true,
            Backing::Nothing => false,
        };
        if !same || !is_valid(&stamps, &request, &snapshot, self.partitions()) {
            return None;
        }
        self.meter(request.group).revalidated.count();
        let renewed = Arc::new(Slot::new(Made {
            print: request.print,
            is_strong: self.asks_always(&request),
            roots: rooted(&grounds, &marks)?,
            retry_at_ms: 0,
            ..slot.made()
        }));
        self.shared.l1.as_ref()?.insert(request.print, Slot::clone(&renewed));
        Some(Sighting { slot: renewed, known })
    }

    /// The store's entry.
    pub(super) async fn look_in_store(&self, request: &Request, wire: &dyn Wire, grounds: &[Ground]) -> Option<Seen> {
        if !request.tiers().has_l2() {
            return None;
        }
        let codec = wire.codec(self.shared.settings.codec)?;
        let answer = self.read_store(request, grounds, Want::Whole).await?;
        let mut trail = Trail::default();
        let next = match self.weigh(answer, request, grounds, &mut trail, wire, codec) {
            Weighed::Seen(seen) => return Some(seen),
            Weighed::Elsewhere(next) => next,
        };
        Some(Box::pin(self.look_elsewhere(next, trail, wire, codec)).await)
    }

    /// Asks the store until an answer settles it.
    pub(super) async fn look_elsewhere(&self, mut next: Request, mut trail: Trail, wire: &dyn Wire, codec: u8) -> Seen {
        loop {
            let grounds = next.grounds(self);
            let Some(answer) = self.read_store(&next, &grounds, Want::Whole).await else { return trail.end(None) };
            next = match self.weigh(answer, &next, &grounds, &mut trail, wire, codec) {
                Weighed::Seen(seen) => return seen,
                Weighed::Elsewhere(further) => further,
            };
        }
    }

    /// What an answer of the store shows, or how the store is to be asked once more.
    pub(super) fn weigh(
        &self,
        (snapshot, marks, known): Answer,
        request: &Request,
        grounds: &[Ground],
        trail: &mut Trail,
        wire: &dyn Wire,
        codec: u8,
    ) -> Weighed {
        match self.opened(&snapshot, request, trail, wire, codec, &|| self.now_ms()) {
            Opened::Entry(decoded) => {
                let roots = rooted(grounds, &marks);
                Weighed::Seen(trail.end(roots.map(|roots| self.seen(request, decoded, roots, known))))
            }
            Opened::Nothing => Weighed::Seen(trail.end(None)),
            Opened::Elsewhere(next) => Weighed::Elsewhere(next),
        }
    }

    /// What an answer has in it, or how the store is to be asked once more: where the entry is a valid one of
    /// another shape, which a program of another version is served, this one's lies beside it, or will; and one with
    /// dependencies that this reader does not know of, because another function or a call by hand filled it, is read with
    /// these. It ends: beside an entry there is only this program's, and its dependencies are taken up once.
    pub(super) fn opened(
        &self,
        snapshot: &Snapshot,
        request: &Request,
        trail: &mut Trail,
        wire: &dyn Wire,
        codec: u8,
        now_ms: &dyn Fn() -> u64,
    ) -> Opened {
        if self.is_others(request, wire, snapshot) && !trail.has_all {
            self.meter(request.group).set_aside.count();
            let aside = request.aside(self, wire.schema());
            trail.aside = aside.aside;
            return Opened::Elsewhere(aside);
        }
        if !trail.has_all {
            trail.met = snapshot.entry.as_deref().and_then(identity_of);
        }
        let entry = snapshot.entry.as_deref().and_then(|bytes| self.open(request, wire, codec, bytes));
        let Some(entry) = entry else { return Opened::Nothing };
        let unknown = request.unknown_of(&entry.0.dependencies);
        if unknown.is_empty() {
            let decoded = self.decode(request, wire, entry, snapshot, now_ms());
            return decoded.map_or(Opened::Nothing, Opened::Entry);
        }
        // Replaced in between, by one that has others: rare enough to load.
        if trail.has_all {
            return Opened::Nothing;
        }
        trail.has_all = true;
        Opened::Elsewhere(request.depending_on(unknown.into_iter().map(|text| self.name(text))))
    }

    /// Whether others are served the entry. One that is over is in nobody's way.
    pub(super) fn is_others(&self, request: &Request, wire: &dyn Wire, snapshot: &Snapshot) -> bool {
        let bytes = snapshot.entry.as_deref().filter(|_| request.aside.is_none());
        let bytes = bytes.filter(|bytes| schema_of(bytes).is_some_and(|schema| schema != wire.schema()));
        let Some(Ok((other, _))) = bytes.map(Envelope::open) else { return false };
        other.remaining_ms(self.shared.clock.wall_ms()) > 0
            && (!request.unknown_of(&other.dependencies).is_empty()
                || is_valid(&other.stamps, request, snapshot, self.partitions()))
    }

    fn open<'b>(
        &self,
        request: &Request,
        wire: &dyn Wire,
        codec: u8,
        bytes: &'b [u8],
    ) -> Option<(Envelope<'b>, &'b [u8])> {
        let opened = Envelope::open(bytes);
        let readable = opened
            .and_then(|(envelope, payload)| envelope.readable_as(codec, wire.schema()).map(|()| (envelope, payload)));
        readable.map_err(|reason| self.unreadable(request, reason)).ok()
    }

    /// Puts an entry into memory, if memory takes part.
    pub(super) fn keep_in_memory(&self, request: &Request, slot: &Arc<Slot>) {
        if let Some(l1) = self.shared.l1.as_ref().filter(|_| request.tiers().has_l1()) {
            l1.insert(request.print, Slot::clone(slot));
        }
    }

    /// One round trip; what it says of the partitions is learned whatever becomes of the entry.
    async fn read_store(&self, request: &Request, grounds: &[Ground], want: Want) -> Option<Answer> {
        let guard = self.shared.guard.as_ref()?;
        if grounds.iter().any(Ground::is_owed) {
            return None;
        }
        let asked = self.moment();
        let sent = departures(grounds, asked.ms());
        let read = Read { key: &request.key, dependencies: &request.dependencies, want };
        let (snapshot, marks) = self.learned(guard.ask(&self.space.namespace, &read).await, grounds, &sent)?;
        Some((snapshot, marks, asked))
    }

    /// What was answered, and up to where the partitions are known by it.
    pub(super) fn learned(
        &self,
        answer: Result<Snapshot, StoreError>,
        grounds: &[Ground],
        sent: &[Departure],
    ) -> Option<(Snapshot, Marks)> {
        let snapshot = match answer {
            Ok(snapshot) => snapshot,
            Err(error) => return self.store_failed("read", &error),
        };
        let marks = observe(grounds, sent, &snapshot.partitions, self.shared.settings.lease_ms)?;
        Some((snapshot, marks))
    }

    pub(super) fn unreadable(&self, request: &Request, reason: Unreadable) {
        self.meter(request.group).unreadable.count();
        self.tell(&Notice::Unreadable { key: request.key.as_str(), reason: reason.reason() });
    }
}
