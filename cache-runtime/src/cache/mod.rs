//! The cache: what happens on get, set, remove and emit. The methods here are the table of contents.

mod advice;
mod ahead;
mod announce;
mod backing;
mod batch;
mod builder;
mod bumps;
mod by_hand;
mod caller;
mod cells;
mod clones;
mod decoded;
mod demand;
mod driven;
mod echoes;
mod entry;
mod errors;
mod explain;
mod first;
mod follow;
mod graph;
mod ground;
mod impact;
mod knowledge;
mod l1;
mod late;
mod lease;
mod listen;
mod lives;
mod loaded;
mod look;
mod metrics;
mod owed;
mod pattern;
mod peek;
mod put;
mod read;
mod recover;
mod refresh;
mod remove;
mod request;
mod secrecy;
mod sequence;
mod shared;
mod slot;
mod stale;
mod stamps;
mod transaction;
mod wakes;
mod write;

pub use announce::Announced;
pub use builder::Builder;
pub(crate) use builder::check_namespace;
pub use clones::SlowClone;
pub use entry::Entry;
pub(crate) use errors::Remembered;
pub use explain::{Explanation, Found};
pub use graph::{Graph, GraphEvent, GraphFunction, GraphWriter};
pub use impact::{Impact, ImpactedFunction};
pub use recover::Recovery;
pub use transaction::Deferred;

pub(crate) use ahead::Forerunner;
pub(crate) use loaded::{Loaded, ValueRules};
pub(crate) use peek::Peeked;
pub(crate) use read::{Arrival, Lead, Turn};
pub(crate) use refresh::HeldTask;
pub(crate) use request::Request;
pub(crate) use shared::{Shared, Space};
pub(crate) use slot::Slot;
pub(crate) use stale::Sight;
pub(crate) use transaction::{announce_deferred, defer_event, defer_removal};

use crate::clock::{Clock, whole_ms};
use crate::codec::{CacheCodec, Cacheable, Holding, TypedWire, Whole};
use crate::error::Error;
use crate::event::Event;
use crate::policy::Policy;
use crate::telemetry::Notice;
use crate::telemetry::spans::{self, Operation};
use crate::token::Token;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How many tenants listen: each takes up a connection.
const MAX_LISTENING_TENANTS: usize = 64;

/// Two tiers, one flight a key, and no value from before an acknowledged invalidation. Cheap to clone.
///
/// Cached functions find theirs by themselves; see [`install`](Self::install) and [`scope`](Self::scope).
#[derive(Clone)]
pub struct Cache {
    pub(crate) shared: Arc<Shared>,
    pub(crate) space: Arc<Space>,
}

impl Cache {
    /// A builder with the defaults of [`Builder`].
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The value under a key of one's own making, if a tier has it.
    ///
    /// A store that fails is a miss. An entry of another type is a miss as well.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, Policy};
    /// use std::time::Duration;
    ///
    /// let cache = Cache::builder().build().await?;
    /// cache.set("answer", 42_u64, Policy::ttl(Duration::from_secs(60))).await?;
    /// assert_eq!(cache.get::<u64>("answer").await, Some(42));
    /// assert_eq!(cache.get::<String>("answer").await, None);
    /// # Ok(()) }
    /// ```
    pub async fn get<T: Cacheable>(&self, key: &str) -> Option<T> {
        let request = Request::by_hand(self, key, Policy::ttl(Duration::MAX));
        let wire = TypedWire::<T, _>::new(CacheCodec, 0);
        spans::around(Operation::Get, self.span(), self.find::<T>(&request, &wire)).await
    }

    /// The value under a key, loaded if no tier has it: one load at a time, and kept by `policy`.
    ///
    /// # Errors
    /// The loader's own error, which is not cached.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, Policy};
    /// use std::time::Duration;
    ///
    /// let cache = Cache::builder().build().await?;
    /// let policy = Policy { tags: vec!["math".into()], ..Policy::ttl(Duration::from_secs(60)) };
    /// let load = || async { Ok::<_, std::io::Error>(42_u64) };
    /// assert_eq!(cache.get_or_load("answer", policy, load).await?, 42);
    /// cache.invalidate_tag("math").await?;
    /// assert_eq!(cache.get::<u64>("answer").await, None);
    /// # Ok(()) }
    /// ```
    pub async fn get_or_load<T, E, F>(&self, key: &str, policy: Policy, load: impl FnOnce() -> F) -> Result<T, E>
    where
        T: Cacheable,
        F: Future<Output = Result<T, E>>,
    {
        let request = Request::by_hand(self, key, policy);
        if request.policy.ttl.is_none() {
            let problem = Error::NoTtl { name: key.to_owned() }.to_string();
            self.tell(&Notice::Misconfigured { problem: &problem });
            return load().await;
        }
        if !self.is_open() {
            return load().await;
        }
        spans::around(Operation::GetOrLoad, self.span(), self.find_or_load(&request, load)).await
    }

    /// Replaces the value under a key in every tier.
    ///
    /// # Errors
    /// If no TTL is given anywhere, the value cannot be encoded, or the store does not take it.
    pub async fn set<T: Cacheable>(&self, key: &str, value: T, policy: Policy) -> Result<(), Error> {
        let request = Request::by_hand(self, key, policy);
        let wire = TypedWire::<T, _>::new(CacheCodec, 0);
        spans::attempt(Operation::Set, self.span(), self.set_value(&request, &wire, Whole::hold(value))).await
    }

    /// Removes the entry of a key from every tier; loads of it that are under way will not be kept.
    ///
    /// Tells whether there was one.
    ///
    /// # Errors
    /// If the store did not do it; then this node has forgotten it, and may find it in the store again, as others may.
    pub async fn remove(&self, key: &str) -> Result<bool, Error> {
        spans::attempt(Operation::Remove, self.span(), self.remove_key(&self.name(key.to_owned()))).await
    }

    /// Invalidates every entry with a tag, at once and without looking for them.
    ///
    /// # Errors
    /// If the store did not do it.
    pub async fn invalidate_tag(&self, tag: &str) -> Result<Token, Error> {
        self.bump_tags(&[tag]).await
    }

    /// Invalidates every entry with any of these tags, in one round trip.
    ///
    /// # Errors
    /// If the store did not do it.
    pub async fn invalidate_tags(&self, tags: &[&str]) -> Result<Token, Error> {
        self.bump_tags(tags).await
    }

    /// Invalidates every entry of a cached function, whatever its arguments, at once and without looking for them; also
    /// what was kept by hand under its keys, and what functions with the same keys have loaded. `name` is the
    /// function's own, or that of its attribute's `name`.
    ///
    /// # Errors
    /// If no cached function of this program has the name, or the store did not do it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, Error, cached};
    ///
    /// #[cached(key = "guild:<guild_id>:names", ttl = 300)]
    /// async fn guild_names(guild_id: u64) -> Vec<u64> {
    ///     vec![guild_id]
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// cache.clone().scope(guild_names(42)).await;
    /// cache.invalidate_function("guild_names").await?;
    /// assert_eq!(cache.get::<Vec<u64>>("guild:42:names").await, None);
    ///
    /// let misspelt = cache.invalidate_function("guild_name").await.unwrap_err();
    /// assert_eq!(misspelt.to_string(), "no cached function is named `guild_name`; did you mean `guild_names`?");
    /// # Ok(()) }
    /// ```
    pub async fn invalidate_function(&self, name: &str) -> Result<Token, Error> {
        self.bump_function(name).await
    }

    /// Invalidates every entry bound to an event, typed or by name, and to the events it cascades to.
    ///
    /// Returns when the invalidation holds: from then on nothing loaded before is served on this node, nor on another
    /// after its [`max_staleness`](Builder::max_staleness).
    ///
    /// # Errors
    /// If the event is unknown here, lacks a field that a cached function is bound to, or the store did not do it.
    pub async fn emit(&self, event: impl Into<Event>) -> Result<Token, Error> {
        self.emit_events(vec![event.into()]).await
    }

    /// Emits several events as one batch: one round trip, each dependency once.
    ///
    /// # Errors
    /// As [`emit`](Self::emit); then none of them is certain.
    pub async fn emit_all<E: Into<Event>>(&self, events: impl IntoIterator<Item = E>) -> Result<Token, Error> {
        self.emit_events(events.into_iter().map(Into::into).collect()).await
    }

    /// Announces events whose cause is about to be committed elsewhere. From its return until
    /// [`settle`](Announced::settle), whatever depends on them is loaded on every call and kept nowhere; so a writer that
    /// dies between its commit and its invalidation leaves nothing old. Readers of other entries pay nothing for it.
    ///
    /// An announcement that is never settled runs out after a minute. A commit that lands later than that, by a writer
    /// that then dies, leaves the old value until its TTL ends.
    ///
    /// # Errors
    /// As [`emit`](Self::emit); then the write should not be committed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, CacheEvent};
    ///
    /// #[derive(CacheEvent)]
    /// struct MemberUpdate {
    ///     guild_id: u64,
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// let write = cache.announce([MemberUpdate { guild_id: 42 }]).await?;
    /// // … the database commits here …
    /// write.settle().await?;
    /// # Ok(()) }
    /// ```
    pub async fn announce<E: Into<Event>>(&self, events: impl IntoIterator<Item = E>) -> Result<Announced, Error> {
        self.announce_events(events.into_iter().map(Into::into).collect()).await
    }

    /// Invalidates every entry of this cache's namespace.
    ///
    /// # Errors
    /// If the store did not do it.
    pub async fn clear(&self) -> Result<Token, Error> {
        self.clear_all().await
    }

    /// What each tier holds of a key, and why it would or would not answer.
    pub async fn explain(&self, key: &str) -> Explanation {
        self.explain_request(&Request::by_hand(self, key, Policy::default()), None).await
    }

    /// What emitting an event would invalidate, without emitting it: the events that it cascades to, the names of all that
    /// would be bumped, and the keys of the cached functions of this program that depend on any of them.
    ///
    /// # Errors
    /// As [`emit`](Self::emit), but for what the store is asked for.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Cache, Event, cached};
    ///
    /// #[cached(key = "guild:<guild_id>:role:<role>", ttl = 300, invalidate_on = ["guild_update(guild_id)"])]
    /// async fn role_of(guild_id: u64, role: &str) -> String {
    ///     format!("{role} of {guild_id}")
    /// }
    ///
    /// let cache = Cache::builder().build().await?;
    /// let impact = cache.explain_event(Event::new("guild_update").field("guild_id", 42))?;
    /// assert_eq!(impact.functions[0].keys, ["guild:42:role:<role>"]);
    /// # Ok(()) }
    /// ```
    pub fn explain_event(&self, event: impl Into<Event>) -> Result<Impact, Error> {
        Impact::of(event.into())
    }

    /// The cached functions, writers and events of this program, and how they hang together.
    pub fn graph(&self) -> Graph {
        Graph::of_program()
    }

    /// A handle on the same cache for one tenant: entries, events and `clear` of two tenants never meet.
    ///
    /// What is known of a tenant is kept for the life of the cache. The first 64 tenants hear of other nodes' invalidations
    /// at once, each by a connection of its own; the others by their own questions, within the bound.
    ///
    /// # Errors
    /// If the name has other characters than letters, digits, `_`, `-` and `.`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, Policy};
    /// use std::time::Duration;
    ///
    /// let cache = Cache::builder().build().await?;
    /// let (acme, umbrella) = (cache.tenant("acme")?, cache.tenant("umbrella")?);
    /// acme.set("plan", "gold".to_owned(), Policy::ttl(Duration::from_secs(60))).await?;
    /// assert_eq!(umbrella.get::<String>("plan").await, None);
    /// # Ok(()) }
    /// ```
    pub fn tenant(&self, tenant: &str) -> Result<Self, Error> {
        builder::check_namespace("tenant", tenant)?;
        let namespace = format!("{}/{tenant}", self.space.namespace);
        let mut spaces = self.shared.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(space) = spaces.get(&namespace) {
            return Ok(Self { shared: self.shared.clone(), space: space.clone() });
        }
        let space = Space::new(namespace.clone(), spaces.len() as u64 + 1, self.shared.store.as_ref());
        let tenant = Self { shared: self.shared.clone(), space: Arc::new(space) };
        spaces.insert(namespace, tenant.space.clone());
        if spaces.len() <= MAX_LISTENING_TENANTS {
            tenant.listen();
        }
        Ok(tenant)
    }

    /// Switches the cache off, in an incident or a test, and on again: while off, cached functions run their bodies.
    /// Invalidations are performed all the same.
    pub fn set_enabled(&self, enabled: bool) {
        self.shared.enabled.store(enabled, Ordering::Release);
    }

    /// Ends the cache's work. Cached functions run uncached from then on, and explicit calls return
    /// [`Error::ShutDown`].
    ///
    /// Waits until `deadline` for loads in the background, which are kept if they end by then and dropped if not, and for
    /// invalidations that are queued; the observer is told how many names of those had to be given up.
    pub async fn shutdown(&self, deadline: Duration) {
        self.shared.closed.store(true, Ordering::Release);
        let until_ms = self.now_ms().saturating_add(whole_ms(deadline));
        self.shared.tasks.drain(deadline).await;
        self.pay_all(Duration::from_millis(until_ms.saturating_sub(self.now_ms()))).await;
        self.shared.end_tasks();
    }

    /// The cache's clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let store = self.shared.store.as_ref().map(|store| store.name());
        f.debug_struct("Cache").field("namespace", &self.space.namespace).field("store", &store).finish_non_exhaustive()
    }
}
