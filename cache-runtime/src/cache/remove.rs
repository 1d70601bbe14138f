//! Invalidating: by key, by tag, by function, by event, all of it. What it costs does not depend on how many entries it hits.
//!
//! The acknowledgement comes after the store has answered and this node has raised its own cells.

use super::Cache;
use super::announce::Announced;
use super::knowledge::Knowledge;
use super::owed::Invalidation;
use super::request::key_dependency;
use super::sequence::Departure;
use super::slot::Standing;
use crate::error::{Error, StoreError};
use crate::event::{Event, dependencies_of, with_cascades};
use crate::few::Few;
use crate::function::{function_dependency, tag_dependency};
use crate::key::secret::is_sealed;
use crate::key::{Key, Name};
use crate::registry;
use crate::store::Bump;
use crate::telemetry::ActivityKind;
use crate::telemetry::spans::{self, Of, Operation};
use crate::token::Token;
use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

impl Cache {
    /// Emits events with all they cascade to, as one batch.
    pub(crate) async fn emit_events(&self, events: Vec<Event>) -> Result<Token, Error> {
        let name = first_name(&events);
        let of = Of { event: name.as_deref(), ..self.span() };
        spans::attempt(Operation::Emit, of, self.emitted(events)).await
    }

    async fn emitted(&self, events: Vec<Event>) -> Result<Token, Error> {
        self.check_open()?;
        let Expanded { events, texts } = expanded(events)?;
        let names = texts.len();
        let token = self.bump(texts).await?;
        self.shared.counters.invalidations.add(events.len() as u64);
        self.did_to(ActivityKind::Invalidate(names), [""]);
        Ok(token)
    }

    /// Whether an event can be emitted here: it is known, and has the fields that are bound to.
    pub(crate) fn check_event(&self, event: &Event) -> Result<(), Error> {
        expanded(vec![event.clone()]).map(drop)
    }

    /// Announces events with all they cascade to.
    pub(crate) async fn announce_events(&self, events: Vec<Event>) -> Result<Announced, Error> {
        self.check_open()?;
        let name = first_name(&events);
        let of = Of { event: name.as_deref(), ..self.span() };
        let Expanded { events, texts } = expanded(events)?;
        spans::attempt(Operation::Announce, of, self.announce_dependencies(texts, events.len() as u64)).await
    }

    pub(crate) async fn bump_tags(&self, tags: &[&str]) -> Result<Token, Error> {
        self.check_open()?;
        let bump = self.bump(tags.iter().map(|tag| tag_dependency(tag)).collect());
        let token = spans::attempt(Operation::InvalidateTag, self.span(), bump).await?;
        self.shared.counters.invalidations.add(tags.len() as u64);
        self.did_to(ActivityKind::Invalidate(tags.len()), [""]);
        Ok(token)
    }

    pub(crate) async fn bump_function(&self, name: &str) -> Result<Token, Error> {
        self.check_open()?;
        let unknown = |similar| Error::UnknownFunction { name: name.to_owned(), similar };
        registry::check_function(name).map_err(unknown)?;
        let of = Of { function: Some(name), ..self.span() };
        let bump = self.bump(vec![function_dependency(name)]);
        let token = spans::attempt(Operation::InvalidateFunction, of, bump).await?;
        self.shared.counters.invalidations.count();
        self.did_to(ActivityKind::Invalidate(1), [""]);
        Ok(token)
    }

    pub(super) async fn bump(&self, texts: Vec<String>) -> Result<Token, Error> {
        let dependencies = self.names(texts);
        if dependencies.is_empty() {
            return Ok(Token::default());
        }
        if self.shared.store.is_none() {
            self.raise_locally(&dependencies.iter().collect::<Vec<_>>());
            return Ok(Token::default());
        }
        Ok(token_of(self.invalidate(Invalidation::Bump(dependencies)).await?))
    }

    /// Removes a key from every tier, and refuses the loads of it that are under way.
    pub(crate) async fn remove_key(&self, key: &Key) -> Result<bool, Error> {
        Ok(self.remove_keys(std::slice::from_ref(key)).await? > 0)
    }

    /// The same for several, in one step.
    pub(super) async fn remove_keys(&self, keys: &[Key]) -> Result<usize, Error> {
        let existed = self.take_out(keys).await?;
        self.did_to(ActivityKind::Remove, keys.iter().map(|key| key.as_str()));
        Ok(existed)
    }

    /// The same where it is part of something else.
    pub(super) async fn take_out(&self, keys: &[Key]) -> Result<usize, Error> {
        self.check_open()?;
        if keys.is_empty() {
            return Ok(0);
        }
        let in_memory = keys.iter().filter(|key| self.forget_in_memory(key)).count();
        let existed = if self.shared.store.is_none() {
            self.raise_locally(&keys.iter().collect::<Vec<_>>());
            0
        } else {
            let performed = self.invalidate(Invalidation::Remove(keys.to_vec())).await?;
            performed.map_or(0, |performed| performed.existed)
        };
        for key in keys {
            self.forget_in_memory(key);
        }
        self.shared.counters.invalidations.add(keys.len() as u64);
        Ok(in_memory.max(existed))
    }

    /// Ends the life of a key's entry, which may still stand in for a load that fails.
    pub(super) async fn expire_key(&self, key: &Key) -> Result<(), Error> {
        self.check_open()?;
        self.bump(vec![key_dependency(key.as_str())]).await?;
        self.shared.counters.invalidations.count();
        Ok(())
    }

    /// Begins a new epoch: no entry of this namespace is valid any more.
    pub(crate) async fn clear_all(&self) -> Result<Token, Error> {
        let token = spans::attempt(Operation::Clear, self.span(), self.cleared()).await?;
        self.did_to(ActivityKind::Clear, [""]);
        Ok(token)
    }

    async fn cleared(&self) -> Result<Token, Error> {
        self.check_open()?;
        let token = if self.shared.store.is_none() {
            self.space.partitions.iter().for_each(|partition| partition.restart());
            Token::default()
        } else {
            token_of(self.invalidate(Invalidation::Clear).await?)
        };
        self.shared.counters.invalidations.count();
        Ok(token)
    }

    /// Has the store perform an invalidation, and learns of it.
    pub(super) async fn perform(&self, invalidation: &Invalidation) -> Result<Performed, StoreError> {
        let Some(store) = &self.shared.store else { return Ok(Performed::default()) };
        let namespace = &self.space.namespace;
        match invalidation {
            Invalidation::Bump(names) => Ok(Performed { existed: 0, bumps: self.bump_together(names).await? }),
            Invalidation::Remove(keys) => {
                let under_way = BumpUnderWay::new(self, keys).uncounted();
                let removal = store.remove(namespace, keys).await?;
                under_way.done(&removal.bumps, keys);
                // Entries that are in memory only rest on a generation of their key.
                let names: Vec<_> = keys.iter().map(|key| self.name(key_dependency(key.as_str()))).collect();
                let bumps = self.bump_together(&names).await?;
                Ok(Performed { existed: removal.existed, bumps: removal.bumps.iter().chain(&bumps).copied().collect() })
            }
            Invalidation::Clear => {
                let under_way = BumpUnderWay::everywhere(self).uncounted();
                let bumps = store.clear(namespace).await?;
                under_way.done::<Name>(&bumps, &[]);
                Ok(Performed { existed: 0, bumps: bumps.into_iter().collect() })
            }
        }
    }

    fn forget_in_memory(&self, key: &Key) -> bool {
        let Some(l1) = &self.shared.l1 else { return false };
        let was_there = l1.get_by_key(key.id()).is_some_and(|slot| slot.standing(self.now_ms()) != Standing::Invalid);
        l1.remove_by_key(key.id());
        was_there
    }

    /// Each of these names once.
    pub(super) fn names(&self, mut texts: Vec<String>) -> Vec<Name> {
        texts.sort_unstable();
        texts.dedup();
        texts.into_iter().map(|text| self.name(text)).collect()
    }

    /// Without a store: the step and the cells are all there is.
    pub(super) fn raise_locally(&self, names: &[&Name]) {
        let mark = self.space.partitions[0].step();
        names.iter().for_each(|name| self.shared.cells.raise(name.id(), mark));
    }
}

/// What the span of several events is told: the name of the first.
fn first_name(events: &[Event]) -> Option<String> {
    events.first().filter(|_| cfg!(feature = "tracing")).map(|event| event.name().to_owned())
}

/// Events with all they cascade to, and the dependencies of all of them.
pub(super) struct Expanded {
    pub(super) events: Vec<Event>,
    pub(super) texts: Vec<String>,
}

pub(super) fn expanded(events: Vec<Event>) -> Result<Expanded, Error> {
    let events = with_cascades(events.into_iter().map(known).collect::<Result<_, _>>()?)?;
    let mut texts = Vec::new();
    for event in &events {
        complete(event)?;
        texts.extend(dependencies_of(event)?);
    }
    Ok(Expanded { events, texts })
}

/// What emitting these would be refused for before the store is asked.
pub(super) fn check_events(events: Vec<Event>) -> Result<(), Error> {
    expanded(events).map(drop)
}

/// The event as this program knows it: with its declaration, if there is one.
fn known(mut event: Event) -> Result<Event, Error> {
    if event.declaration().is_some() {
        return Ok(event);
    }
    if let Some(declaration) = registry::event(event.name()) {
        event.declare(declaration);
    } else if !registry::has_listener(event.name()) {
        let similar = registry::most_like(event.name());
        return Err(Error::UnknownEvent { name: event.name().to_owned(), similar });
    }
    Ok(event)
}

/// Whether the event has every field that a function here is bound to, and has as a secret what they have as one, and
/// nothing else.
fn complete(event: &Event) -> Result<(), Error> {
    for (function, bound) in registry::listeners(event.name()) {
        let named = || format!("{} ({})", function.path(), function.location());
        for (field, at) in &bound.fields {
            let (event_name, field_name) = (|| event.name().to_owned(), || (*field).to_owned());
            if !event.has(field) {
                return Err(Error::MissingField { event: event_name(), field: field_name(), function: named() });
            }
            let Some(is_secret) = function.spec().secrets.get(*at).copied().flatten() else { continue };
            if event.texts(field).any(|text| is_sealed(text) != is_secret) {
                let (event, field) = (event_name(), field_name());
                return Err(Error::SecretField { event, field, function: named(), is_secret });
            }
        }
    }
    Ok(())
}

/// What the store did.
#[derive(Default)]
pub(super) struct Performed {
    /// How many of the keys had an entry.
    pub(super) existed: usize,
    pub(super) bumps: Few<Bump>,
}

/// The receipt of what was performed, or accepted to be.
pub(super) fn token_of(performed: Option<Performed>) -> Token {
    match performed {
        Some(performed) => Token::of(performed.bumps.iter().map(|bump| (bump.partition, bump.stamp))),
        None => Token::queued(),
    }
}

/// A bump that was sent and not answered yet. If it never is, this node forgets what it knew of those partitions.
pub(super) struct BumpUnderWay<'a> {
    cache: &'a Cache,
    partitions: Few<(Arc<Knowledge>, Departure)>,
    sent: Duration,
    is_counted: bool,
}

impl<'a> BumpUnderWay<'a> {
    pub(super) fn new<'n>(cache: &'a Cache, names: impl IntoIterator<Item = &'n Name>) -> Self {
        let count = cache.partitions();
        if let [only] = &*cache.space.partitions {
            return Self::of(cache, std::iter::once(only));
        }
        let mut involved: Vec<_> = names.into_iter().map(|name| name.partition(count)).collect();
        involved.sort_unstable();
        involved.dedup();
        Self::of(cache, involved.into_iter().map(|partition| cache.space.knowledge(partition)))
    }

    fn everywhere(cache: &'a Cache) -> Self {
        Self::of(cache, cache.space.partitions.iter())
    }

    fn of<'k>(cache: &'a Cache, partitions: impl Iterator<Item = &'k Arc<Knowledge>>) -> Self {
        let now_ms = cache.now_ms();
        let depart = |knowledge: &Arc<Knowledge>| (knowledge.clone(), knowledge.depart_bump(now_ms));
        let sent = cache.shared.clock.elapsed();
        Self { cache, partitions: partitions.map(depart).collect(), sent, is_counted: true }
    }

    /// The same, of an attempt of which somebody else keeps count.
    pub(super) fn uncounted(mut self) -> Self {
        self.is_counted = false;
        self
    }

    /// Raises the cells of what was bumped, then learns the steps, which may renew the leases.
    pub(super) fn done<N: Borrow<Name>>(mut self, bumps: &[Bump], names: &[N]) {
        let count = self.cache.partitions();
        for (knowledge, departure) in &std::mem::take(&mut self.partitions) {
            let departure = *departure;
            let bump = bumps.iter().find(|bump| bump.partition == knowledge.partition());
            let marked = bump.and_then(|bump| Some((bump, knowledge.mark(bump.stamp, departure)?)));
            let Some((bump, mark)) = marked else {
                // Another epoch was taken over meanwhile, older or newer than this bump: nobody can tell.
                knowledge.bump_lost();
                continue;
            };
            let here = names.iter().map(Borrow::borrow).filter(|name| name.partition(count) == bump.partition);
            here.for_each(|name| self.cache.shared.cells.raise(name.id(), mark));
            knowledge.bumped(bump.stamp, departure, self.cache.shared.settings.lease_ms);
            self.cache.shared.echoes.sent(&self.cache.space, bump.partition, bump.stamp, self.sent);
        }
    }
}

impl Drop for BumpUnderWay<'_> {
    fn drop(&mut self) {
        if self.is_counted && !self.partitions.is_empty() {
            self.cache.shared.counters.invalidations_failed.count();
        }
        for (knowledge, _) in &self.partitions {
            knowledge.bump_lost();
        }
    }
}
