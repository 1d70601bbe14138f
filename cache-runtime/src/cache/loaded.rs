//! What a load brought, and what the rules of its function say of it.

use super::Cache;
use super::read::Turn;
use super::request::Request;
use super::shared::GENERATION_MARGIN_MS;
use super::slot::Slot;
use crate::codec::Value;
use crate::load::{Said, Validators};
use crate::store::Begin;
use std::sync::Arc;
use std::time::Duration;

/// A loaded value, or the absence of one.
pub(crate) struct Loaded {
    pub(crate) value: Option<Value>,
    /// Tags that follow from it.
    pub(crate) tags: Vec<String>,
    /// A life that follows from it.
    pub(crate) life: Option<Duration>,
    /// Whether that was said by the load, and not by a rule that every reader knows.
    pub(crate) has_own_life: bool,
    /// What else it depends on: what the value did that was not modified.
    pub(crate) names: Vec<String>,
    pub(crate) validators: Option<Arc<Validators>>,
    /// Whether it may be kept at all.
    pub(crate) is_keepable: bool,
}

impl Loaded {
    /// Without anything that follows from it.
    pub(super) fn plain(value: Option<Value>, is_keepable: bool) -> Self {
        let (tags, names) = (Vec::new(), Vec::new());
        Self { value, tags, life: None, has_own_life: false, names, validators: None, is_keepable }
    }

    /// With what its load said of it, which goes before what the rules say. `last` is what it replaces.
    pub(crate) fn told_by(mut self, said: Said, last: Option<&Slot>) -> Self {
        let last = last.filter(|_| said.is_not_modified && self.value.is_some());
        if let Some(last) = last {
            (self.value, self.names) = (last.value.clone(), last.dependencies().map(str::to_owned).collect());
        }
        if said.ttl.is_some() {
            (self.life, self.has_own_life) = (said.ttl, true);
        }
        self.validators = said.validators.or(last.and_then(Slot::validators).as_deref());
        self.tags.extend(said.tags);
        self.is_keepable &= !said.is_not_stored;
        self
    }
}

/// What follows from a value of a cached function.
#[derive(Debug)]
pub(crate) struct ValueRules<T> {
    pub(crate) tags: Option<fn(&T) -> Vec<String>>,
    pub(crate) ttl_from: Option<fn(&T) -> Duration>,
    pub(crate) cache_if: Option<fn(&T) -> bool>,
}

impl<T> ValueRules<T> {
    pub(crate) fn none() -> Self {
        Self { tags: None, ttl_from: None, cache_if: None }
    }

    pub(crate) fn tags_of(&self, value: &T) -> Vec<String> {
        self.tags.map_or(Vec::new(), |tags| tags(value))
    }
}

impl<T: Clone + Send + Sync + 'static> ValueRules<T> {
    /// A value with all that follows from it.
    pub(crate) fn apply(&self, value: &T, hold: fn(T) -> Value) -> Loaded {
        self.apply_to(value, hold(value.clone()))
    }

    /// The same, of a value whose clone is what is kept.
    pub(crate) fn apply_to(&self, value: &T, kept: Value) -> Loaded {
        let is_keepable = self.cache_if.is_none_or(|cache_if| cache_if(value));
        let mut loaded = Loaded::plain(Some(kept), is_keepable);
        if is_keepable {
            (loaded.tags, loaded.life) = (self.tags_of(value), self.ttl_from.map(|ttl_from| ttl_from(value)));
        }
        loaded
    }
}

// Derived, they would ask the same of `T`.
impl<T> Clone for ValueRules<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ValueRules<T> {}

impl Cache {
    /// Lets the generations of an entry live as long as its value wants to; they were made when only the policy's life
    /// was known. Without an answer nothing can be kept.
    pub(super) async fn prolong(&self, request: &Request, turn: &mut Turn) {
        let (Some(store), Some(begun)) = (&self.shared.store, &mut turn.begun) else { return };
        let generation_life_ms = request.longest_life_ms().saturating_add(GENERATION_MARGIN_MS);
        let begin = Begin { generation_life_ms, ..request.begin(&request.dependencies) };
        match store.begin(&self.space.namespace, begin).await {
            Ok(made) => begun.is_dirty |= made.is_dirty,
            Err(error) => turn.begun = self.store_failed("begin", &error),
        }
    }
}
