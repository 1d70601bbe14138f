//! A handle on one entry, as the companion `…_entry` returns it.

use super::{Cache, Explanation, Found, Peeked, Request, ValueRules};
use crate::codec::{Cacheable, Value, Wire, typed};
use crate::error::Error;
use crate::telemetry::spans::{self, Of, Operation};
use std::sync::Arc;

/// One entry of a cached function.
#[must_use]
pub struct Entry<T> {
    cache: Cache,
    request: Request,
    wire: Arc<dyn Wire>,
    hold: fn(T) -> Value,
    rules: ValueRules<T>,
}

impl<T: Clone + Send + Sync + 'static> Entry<T> {
    pub(crate) fn new(
        cache: Cache,
        request: Request,
        wire: Arc<dyn Wire>,
        hold: fn(T) -> Value,
        rules: ValueRules<T>,
    ) -> Self {
        Self { cache, request, wire, hold, rules }
    }

    /// The key as it stands in a store, without namespace.
    #[must_use]
    pub fn key(&self) -> &str {
        self.request.key.as_str()
    }

    /// The value, if a tier has it; never loads.
    pub async fn get(&self) -> Option<T> {
        if !self.cache.is_open() {
            return None;
        }
        spans::around(Operation::Get, self.span(), self.found()).await
    }

    async fn found(&self) -> Option<T> {
        match self.cache.peek_for(&self.request) {
            Peeked::Hit(slot) | Peeked::Due(slot) => typed(slot.value.as_ref()?),
            Peeked::Miss => typed(&self.cache.look_only(&self.request, &*self.wire).await??),
        }
    }

    fn span(&self) -> Of<'_> {
        self.cache.span_of(self.request.group)
    }

    /// Replaces the value in every tier, by the function's policy. Loads that are under way will not be kept. Whether a
    /// loaded value would be kept (`cache_if`, `min_load`) is not asked; a `ttl_from` of zero removes the entry.
    ///
    /// # Errors
    /// If no TTL is given anywhere, the value cannot be encoded, or the store does not take it.
    pub async fn set(&self, value: T) -> Result<(), Error> {
        let tagged = self.cache.tagged(&self.request, self.rules.tags_of(&value));
        let request = self.rules.ttl_from.map_or_else(|| tagged.clone(), |ttl_from| tagged.living(ttl_from(&value)));
        let set = self.cache.set_value(&request, &*self.wire, (self.hold)(value));
        spans::attempt(Operation::Set, self.span(), set).await
    }

    /// Removes the entry from every tier; tells whether there was one.
    ///
    /// # Errors
    /// If the store did not do it; then other nodes may still serve it.
    pub async fn remove(&self) -> Result<bool, Error> {
        spans::attempt(Operation::Remove, self.span(), self.cache.remove_key(&self.request.key)).await
    }

    /// Ends the entry's life now, in every tier and on every node; tells whether there was one that answered. With
    /// `stale_if_error` its value still stands in if the load fails, as after any other invalidation; without, this is
    /// [`remove`](Self::remove).
    ///
    /// # Errors
    /// As [`remove`](Self::remove).
    pub async fn expire(&self) -> Result<bool, Error> {
        if self.request.policy.stale_if_error.is_none() {
            return self.remove().await;
        }
        let found = self.explain().await;
        spans::attempt(Operation::Expire, self.span(), self.cache.expire_key(&self.request.key)).await?;
        Ok([found.l1, found.l2].iter().any(|found| matches!(found, Found::Valid { .. })))
    }

    /// What each tier holds, and why it would or would not answer.
    pub async fn explain(&self) -> Explanation {
        self.cache.explain_request(&self.request, Some(&*self.wire)).await
    }
}

impl<T: Cacheable> std::fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("key", &self.request.key).finish_non_exhaustive()
    }
}
