//! What the attribute says of values of a type, as functions of it.

use super::shapes::Shape;
use crate::cache::ValueRules;
use std::time::Duration;

/// The rules of one cached function.
#[derive(Debug)]
pub struct Rules<S: Shape> {
    pub(super) values: ValueRules<S::Value>,
}

impl<S: Shape> Rules<S> {
    /// None yet, of a function of this shape.
    pub fn of(_: &S) -> Self {
        Self { values: ValueRules::none() }
    }

    /// The tags that follow from a value.
    #[must_use]
    pub fn tags(mut self, tags: fn(&S::Value) -> Vec<String>) -> Self {
        self.values.tags = Some(tags);
        self
    }

    /// The life that follows from a value.
    #[must_use]
    pub fn ttl_from(mut self, ttl_from: fn(&S::Value) -> Duration) -> Self {
        self.values.ttl_from = Some(ttl_from);
        self
    }

    /// Whether a value is kept.
    #[must_use]
    pub fn cache_if(mut self, cache_if: fn(&S::Value) -> bool) -> Self {
        self.values.cache_if = Some(cache_if);
        self
    }
}

// Derived, they would ask the same of the shape.
impl<S: Shape> Clone for Rules<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Shape> Copy for Rules<S> {}
