//! Writing: every fill goes through one fenced commit, and `set` through its own.
//!
//! Memory is filled before the flight lands, or a caller arriving in between would load again.

use super::Cache;
use super::backing::Backing;
use super::lease::HeldLease;
use super::lives::Left;
use super::loaded::Loaded;
use super::owed::Invalidation;
use super::read::{Landing, Turn};
use super::remove::BumpUnderWay;
use super::request::{Request, key_dependency};
use super::slot::{Made, Slot, Standing};
use super::stamps::rooted;
use crate::codec::{Output, Value, Wire};
use crate::envelope::Envelope;
use crate::error::{CodecError, Error};
use crate::key::Dependency;
use crate::load::Validators;
use crate::packing::Place;
use crate::stamp::random_name;
use crate::store::{Begun, Commit, Put, Store, Verdict, as_one_call};
use crate::telemetry::{ActivityKind, Notice};
use std::pin::pin;
use std::sync::Arc;

/// How many tags and events an entry may depend on: each is a name to read with it.
const MAX_DEPENDENCIES: usize = 10_000;

/// What is about to be kept.
#[derive(Default)]
pub(super) struct Fill {
    pub(super) value: Option<Value>,
    pub(super) life_ms: u64,
    pub(super) load_cost_ms: u32,
    /// Whether its load said how long it lives.
    pub(super) has_own_life: bool,
    pub(super) validators: Option<Arc<Validators>>,
}

/// An entry as it goes to the store.
pub(super) struct Sealed {
    identity: u64,
    /// How many bytes the value had before it was packed: about what it takes up in memory.
    value_bytes: usize,
    pub(super) bytes: Vec<u8>,
}

impl Cache {
    /// Keeps what was loaded, unless it was overtaken or is not worth it, and gives it to those who wait.
    pub(crate) async fn land(&self, request: &Request, wire: &dyn Wire, turn: Turn, loaded: Loaded) {
        let loaded_ms = self.now_ms();
        let load_cost_ms = u32::try_from(loaded_ms.saturating_sub(turn.started_ms)).unwrap_or(u32::MAX);
        let value = loaded.value.clone();
        let turn = match loaded.is_keepable && request.is_worth_keeping(load_cost_ms) {
            true => as_one_call(pin!(self.keep_loaded(request, wire, turn, loaded, load_cost_ms))).await,
            false => turn,
        };
        self.share_out(turn, value, loaded_ms);
    }

    async fn keep_loaded(
        &self,
        request: &Request,
        wire: &dyn Wire,
        mut turn: Turn,
        loaded: Loaded,
        load_cost_ms: u32,
    ) -> Turn {
        let aside = turn.aside.map(|schema| request.aside(self, schema));
        let request = aside.as_ref().unwrap_or(request);
        let absent = loaded.value.is_none();
        let living = loaded.life.map(|life| if absent { request.living_absent(life) } else { request.living(life) });
        let living = living.as_ref().unwrap_or(request);
        let life_ms = living.drawn_life_ms(absent);
        if life_ms == 0 {
            return turn;
        }
        let names =
            self.tag_names(&loaded.tags).into_iter().chain(loaded.names.iter().map(|text| self.name(text.clone())));
        let wider = self.with_late_names(living, &mut turn, names).await;
        let widest = wider.as_ref().unwrap_or(living);
        if living.longest_life_ms() > request.longest_life_ms() {
            self.prolong(widest, &mut turn).await;
        }
        let Loaded { value, has_own_life, validators, .. } = loaded;
        let fill = Fill { value, life_ms, load_cost_ms, has_own_life, validators };
        self.keep(widest, wire, &mut turn, &fill, wider.is_some()).await;
        // Whoever waits for it is told what it depends on by now.
        if let Some(wider) = wider {
            turn.departed.dependencies = wider.dependencies;
        }
        turn
    }

    async fn keep(&self, request: &Request, wire: &dyn Wire, turn: &mut Turn, fill: &Fill, has_late_tags: bool) {
        let Some(kept) = self.commit(request, wire, turn, fill).await else { return };
        match self.slot(request, wire, turn, fill, kept) {
            Some(made) if has_late_tags => self.insert_late(request, made).await,
            Some(made) => self.insert(request, made),
            None => {}
        }
    }

    fn share_out(&self, turn: Turn, value: Option<Value>, loaded_ms: u64) {
        let Some(lead) = turn.lead else { return };
        let known = self.known_as_of(turn.started);
        lead.land(|| Landing { value, is_loaded: true, is_stale: false, departed: turn.departed, known, loaded_ms });
    }

    /// The one way into the store for loaded values. Refused means that the value is kept nowhere.
    ///
    /// An unsure store keeps memory's copy, which section 5 of the protocol guards by itself, but nothing vouches for it
    /// when in doubt. Returns what vouches for it, and how many bytes it takes up.
    async fn commit(
        &self,
        request: &Request,
        wire: &dyn Wire,
        turn: &mut Turn,
        fill: &Fill,
    ) -> Option<(Backing, usize)> {
        let Some(store) = &self.shared.store else {
            return Some((Backing::Nothing, self.measured(request, wire, fill)?));
        };
        // Without a begin nobody knows whether a write to it is announced.
        let begun = turn.begun.as_ref()?;
        if begun.is_dirty {
            return self.refused(request);
        }
        if !request.tiers().has_l2() || wire.codec(self.shared.settings.codec).is_none() {
            return Some((Backing::Generation, self.measured(request, wire, fill)?));
        }
        let Sealed { identity, value_bytes, bytes } = match self.seal(request, wire, begun, fill) {
            Ok(sealed) => sealed,
            Err(error) => return self.unstorable(request, &error).map(|bytes| (Backing::Nothing, bytes)),
        };
        let (key, dependencies) = (&request.key, &request.dependencies[..]);
        let holder = turn.lease.as_ref().map(HeldLease::holder);
        let commit = Commit { key, dependencies, begun, bytes: &bytes, life_ms: request.kept_ms(fill.life_ms), holder };
        match store.commit(&self.space.namespace, commit).await {
            Ok(Verdict::Stored) => {
                turn.lease.iter_mut().for_each(HeldLease::is_given_back);
                Some((Backing::Entry(identity), value_bytes))
            }
            Ok(Verdict::Fenced | Verdict::Overtaken | Verdict::Forgotten) => self.refused(request),
            Err(error) => {
                self.store_failed::<()>("commit", &error);
                Some((Backing::Nothing, value_bytes))
            }
        }
    }

    /// The entry as memory keeps it; none if memory takes no part.
    pub(super) fn slot(
        &self,
        request: &Request,
        wire: &dyn Wire,
        turn: &Turn,
        fill: &Fill,
        kept: (Backing, usize),
    ) -> Option<Made> {
        let (backing, encoded_bytes) = kept;
        self.shared.l1.as_ref().filter(|_| request.tiers().has_l1())?;
        let roots = rooted(&turn.grounds, &turn.marks)?;
        let loaded_ms = self.now_ms();
        let left = Left { fresh_ms: fill.life_ms, late_ms: 0 };
        let lives = request.lives(loaded_ms, left, fill.load_cost_ms);
        Some(Made {
            value: fill.value.clone(),
            value_bytes: wire.weight(encoded_bytes),
            print: request.print,
            key: request.key.id(),
            is_strong: self.asks_always(request),
            roots,
            region: request.region,
            backing,
            loaded_ms,
            load_cost_ms: fill.load_cost_ms,
            lives,
            is_spare: false,
            retry_at_ms: 0,
            reads: self.shared.ahead.reads(request.key.id()),
            validators: fill.validators.clone(),
            group: request.group,
            told_as: self.told_as(request),
        })
    }

    pub(super) fn insert(&self, request: &Request, made: Made) {
        let Some(l1) = &self.shared.l1 else { return };
        let slot = Slot::new(made);
        match slot.standing(slot.loaded_ms) {
            // It would be dead on arrival, and in the way of a newer one.
            Standing::Invalid => {
                self.refused::<()>(request);
            }
            // The store is away and nothing vouches for it: it could never answer.
            Standing::Doubtful if slot.backing() == Backing::Nothing => {}
            Standing::Doubtful | Standing::Valid => l1.insert(request.print, slot),
        }
    }

    fn refused<T>(&self, request: &Request) -> Option<T> {
        self.meter(request.group).fills_refused.count();
        self.tell(&Notice::FillRefused { key: request.key.as_str() });
        None
    }

    pub(super) fn seal(
        &self,
        request: &Request,
        wire: &dyn Wire,
        begun: &Begun,
        fill: &Fill,
    ) -> Result<Sealed, CodecError> {
        let settings = &self.shared.settings;
        let count = request.dependencies.len();
        if count > MAX_DEPENDENCIES {
            return Err(CodecError::TooManyDependencies { count, limit: MAX_DEPENDENCIES });
        }
        let mut output = Output::new(settings.max_value_bytes);
        if let Some(value) = &fill.value {
            wire.encode(settings.codec, value, &mut output)?;
        }
        let envelope = Envelope {
            codec: wire.codec(settings.codec).unwrap_or(0),
            absent: fill.value.is_none(),
            packing: 0,
            identity: random_name(),
            schema: wire.schema(),
            loaded_at_ms: self.shared.clock.wall_ms(),
            ttl_ms: fill.life_ms,
            load_cost_ms: fill.load_cost_ms,
            stamps: begun.stamps.iter().copied().collect(),
            dependencies: request.dependencies.iter().map(|name| name.as_str()).collect(),
            has_own_life: fill.has_own_life,
            validators: fill.validators.clone(),
        };
        let (identity, payload) = (envelope.identity, output.into_bytes());
        let value_bytes = payload.len();
        let place = Place { namespace: &self.space.namespace, key: request.key.as_str() };
        Ok(Sealed { identity, value_bytes, bytes: self.shared.packing.seal(envelope, payload, place)? })
    }

    /// What a value that is not stored would have taken up, for memory's bound.
    fn measure(&self, request: &Request, wire: &dyn Wire, fill: &Fill) -> Result<usize, CodecError> {
        let count = request.dependencies.len();
        if count > MAX_DEPENDENCIES {
            return Err(CodecError::TooManyDependencies { count, limit: MAX_DEPENDENCIES });
        }
        let Some(value) = &fill.value else { return Ok(0) };
        if wire.codec(self.shared.settings.codec).is_none() {
            return Ok(0);
        }
        let mut output = Output::counting(self.shared.settings.max_value_bytes);
        wire.encode(self.shared.settings.codec, value, &mut output).map(|()| output.len())
    }

    /// The same; none if it is not to be kept.
    pub(super) fn measured(&self, request: &Request, wire: &dyn Wire, fill: &Fill) -> Option<usize> {
        self.measure(request, wire, fill).map_or_else(|error| self.unstorable(request, &error), Some)
    }

    /// A value that is too large, or has too many tags, is kept nowhere; one that only cannot be encoded weighs nothing in memory.
    pub(super) fn unstorable(&self, request: &Request, error: &CodecError) -> Option<usize> {
        self.meter(request.group).unstorable.count();
        self.tell(&Notice::Unstorable { key: request.key.as_str(), error });
        matches!(error, CodecError::Failed { .. }).then_some(0)
    }

    /// Replaces an entry by a value that the caller vouches for, in every tier.
    pub(crate) async fn set_value(&self, request: &Request, wire: &dyn Wire, value: Value) -> Result<(), Error> {
        self.set_everywhere(request, wire, value).await?;
        self.did(ActivityKind::Set, request);
        Ok(())
    }

    async fn set_everywhere(&self, request: &Request, wire: &dyn Wire, value: Value) -> Result<(), Error> {
        self.check_open()?;
        if request.policy.ttl.is_none() {
            return Err(Error::NoTtl { name: request.key.to_string() });
        }
        let life_ms = request.drawn_life_ms(false);
        if life_ms == 0 {
            return self.remove_key(&request.key).await.map(drop);
        }
        let fill = Fill { value: Some(value), life_ms, ..Fill::default() };
        if self.shared.store.is_some() && request.tiers().has_l2() {
            return self.set_in_store(request, wire, fill).await;
        }
        let bytes = self.measure(request, wire, &fill)?;
        self.take_out(std::slice::from_ref(&request.key)).await?;
        let turn = self.arrive_to_refresh(request).await;
        let backing = if turn.begun.is_some() { Backing::Generation } else { Backing::Nothing };
        let is_dirty = turn.begun.as_ref().is_some_and(|begun| begun.is_dirty);
        let made = self.slot(request, wire, &turn, &fill, (backing, bytes));
        if let Some(made) = made.filter(|_| !is_dirty) {
            self.insert(request, made);
        }
        self.share_out(turn, fill.value, self.now_ms());
        Ok(())
    }

    /// The next read takes it from the store: only there it is certain that nothing overtook it.
    async fn set_in_store(&self, request: &Request, wire: &dyn Wire, fill: Fill) -> Result<(), Error> {
        let Some(store) = &self.shared.store else { return Ok(()) };
        // Where the new entry rests on its key's generation itself, it would be over with what that ends if that came last.
        let rests_on_key = self.rests_on_key(request);
        if rests_on_key {
            self.bump_key(request).await?;
        }
        let grounds = request.grounds(self);
        let (begun, _) = self.begin_in_store(&**store, request, &grounds).await?;
        let Sealed { bytes, .. } = self.seal(request, wire, &begun, &fill)?;
        let life_ms = request.kept_ms(fill.life_ms);
        self.replace(&**store, request, Put { key: &request.key, bytes: &bytes, life_ms, fence: None }).await?;
        if rests_on_key { Ok(()) } else { self.bump_key(request).await }
    }

    pub(super) async fn replace(&self, store: &dyn Store, request: &Request, put: Put<'_>) -> Result<(), Error> {
        let under_way = BumpUnderWay::new(self, [&request.key]);
        let begun_at = self.order_of_owed();
        let bump = store.put(&self.space.namespace, put).await?;
        under_way.done(&[bump], &[&request.key]);
        // A removal from before must not come after.
        self.settled(&Invalidation::Remove(vec![request.key.clone()]), begun_at);
        self.shared.counters.invalidations.count();
        Ok(())
    }

    /// What other nodes keep in memory only rests on a generation of its key, and so does what programs of another version
    /// keep.
    pub(super) async fn bump_key(&self, request: &Request) -> Result<(), Error> {
        self.bump(vec![key_dependency(request.key.as_str())]).await.map(drop)
    }

    /// Whether an entry in the store is over with its key's generation, too.
    pub(super) fn rests_on_key(&self, request: &Request) -> bool {
        request.dependencies.contains(&self.own_name(request))
    }

    pub(super) fn own_name(&self, request: &Request) -> Dependency {
        self.name(key_dependency(request.key.as_str()))
    }
}
