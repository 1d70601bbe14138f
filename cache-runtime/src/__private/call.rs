//! One call of a cached function: memory first, then a name, then the engine.

use super::rules::Rules;
use super::shapes::Shape;
use crate::cache::{Arrival, Cache, Entry, Request, Turn, print_of, typed};
use crate::codec::{Cacheable, CodecChoice, LocalWire, TypedWire, Wire};
use crate::function::Function;
use crate::key::{Id, Part, Template};
use crate::scope;
use std::future::Future;
use std::pin::Pin;

/// The cache of this task.
pub fn current() -> Cache {
    scope::current()
}

/// The cache that the attribute names.
pub fn chosen(cache: &Cache) -> Cache {
    cache.clone()
}

/// What the engine has to know of a stored value's type.
///
/// The type is opaque, so that a value that cannot be stored is reported here and not at every use.
pub fn wire<S, C>(_: &S, codec: C, version: u32) -> impl Wire + use<S, C>
where
    S: Shape<Value: Cacheable>,
    C: CodecChoice,
{
    TypedWire::<S::Value, C>::new(codec, version)
}

/// What the engine has to know of the type of a value that stays in the process.
pub fn local_wire<S>(_: &S) -> impl Wire + use<S>
where
    S: Shape<Value: Clone + Send + Sync + 'static>,
{
    LocalWire::<S::Value>::new()
}

/// A call that memory has not been asked for yet, or could not answer.
#[derive(Debug)]
pub struct Call {
    pub(super) cache: Cache,
    pub(super) function: &'static Function,
    pub(super) print: Id,
}

impl Call {
    /// Takes the arguments' fingerprint.
    pub fn open(cache: Cache, function: &'static Function, values: &[Part<'_>]) -> Self {
        let print = print_of(&cache, function, values);
        Self { cache, function, print }
    }

    /// The answer of memory, if it has one that needs nobody's word.
    pub fn peek<S>(&self, _: &S) -> Option<S::Return>
    where
        S: Shape<Value: Clone + 'static>,
    {
        if !self.cache.is_open() {
            return None;
        }
        let slot = self.cache.peek(self.print)?;
        S::close(match &slot.value {
            Some(value) => Some(typed::<S::Value>(value)?),
            None => None,
        })
    }

    /// Makes the key's text and finds the policy.
    pub fn named(self, values: &[Part<'_>]) -> NamedCall {
        let request = Request::of_call(&self.cache, self.function, self.print, values);
        NamedCall { cache: self.cache, request }
    }
}

/// A tag of a returned value.
pub fn tag_of(template: Template, values: &[Part<'_>]) -> String {
    template.tag("", values)
}

/// A call with its key.
#[derive(Debug)]
pub struct NamedCall {
    pub(super) cache: Cache,
    pub(super) request: Request,
}

impl NamedCall {
    /// The answer of whoever has it, or of the body.
    pub async fn fetch<S, F>(mut self, _: S, wire: impl Wire, rules: Rules<S>, load: Pin<&mut F>) -> S::Return
    where
        S: Shape<Value: Clone + Send + Sync + 'static>,
        F: Future<Output = S::Return>,
    {
        if !self.is_cached() {
            return load.await;
        }
        self.request.has_late_tags = rules.values.tags.is_some();
        match self.cache.arrive(&self.request, &wire).await {
            Arrival::Load(turn) => self.load::<S, F>(&wire, *turn, rules, load).await,
            Arrival::Found(value) => match S::close(value.and_then(|value| typed::<S::Value>(&value))) {
                Some(returned) => returned,
                // A function that shares the key remembers absences, which this one cannot say.
                None => {
                    let turn = self.cache.arrive_to_refresh(&self.request).await;
                    self.load::<S, F>(&wire, turn, rules, load).await
                }
            },
        }
    }

    /// The answer of the body, which replaces whatever is cached.
    pub async fn refresh<S, F>(mut self, _: S, wire: impl Wire, rules: Rules<S>, load: Pin<&mut F>) -> S::Return
    where
        S: Shape<Value: Clone + Send + Sync + 'static>,
        F: Future<Output = S::Return>,
    {
        if !self.is_cached() {
            return load.await;
        }
        self.request.has_late_tags = rules.values.tags.is_some();
        let turn = self.cache.arrive_to_refresh(&self.request).await;
        self.load::<S, F>(&wire, turn, rules, load).await
    }

    /// A handle on the entry.
    pub fn entry<S>(self, _: &S, wire: impl Wire + 'static, rules: Rules<S>) -> Entry<S::Value>
    where
        S: Shape<Value: Clone + Send + Sync + 'static>,
    {
        Entry::new(self.cache, self.request, Box::new(wire), rules.values)
    }

    async fn load<S, F>(&self, wire: &dyn Wire, turn: Turn, rules: Rules<S>, load: Pin<&mut F>) -> S::Return
    where
        S: Shape<Value: Clone + Send + Sync + 'static>,
        F: Future<Output = S::Return>,
    {
        match S::open(self.cache.run(&turn, load).await) {
            Ok(value) => {
                self.cache.land(&self.request, wire, turn, rules.values.apply(value.as_ref())).await;
                S::close(value).expect("what a shape opened it can close")
            }
            // The turn is dropped here: the next waiter loads for itself.
            Err(failed) => {
                self.cache.load_failed();
                failed
            }
        }
    }

    pub(super) fn is_cached(&self) -> bool {
        self.cache.is_open() && (self.request.policy.ttl.is_some() || self.request.lives_by_value)
    }
}
