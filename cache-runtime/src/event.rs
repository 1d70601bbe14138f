//! Events: what a writer says has changed, and the dependencies that this invalidates.
//!
//! A cached function depends on an event's name with the values of the fields it is bound to. Emitting therefore names
//! one dependency for each subset of the event's fields: whatever subset a function is bound to, in this process or in
//! another, is among them. That is why the number of fields is small and no entry is ever searched for.

mod text;

pub use text::InvalidEvent;

use crate::error::Error;
use crate::key::KeyPart;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// How many fields of an event can be bound: two to this power dependencies are named by one emission.
pub const MAX_FIELDS: usize = 5;

/// An event type. Derive it.
///
/// ```
/// use cache_runtime::CacheEvent;
///
/// #[derive(CacheEvent)]
/// #[event(name = "member_update")]
/// struct MemberUpdate {
///     guild_id: u64,
/// }
///
/// assert_eq!(MemberUpdate { guild_id: 42 }.to_event().name(), "member_update");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "help: derive `CacheEvent` for it, or name the event by a string"
)]
pub trait CacheEvent {
    /// What the derive read off the type.
    const DECLARATION: &'static EventDeclaration;

    /// The event with the values of its fields.
    fn to_event(&self) -> Event;
}

/// What is known of an event type before any is emitted.
#[derive(Debug)]
pub struct EventDeclaration {
    /// The name it is emitted under.
    pub name: &'static str,
    /// The Rust type.
    pub type_name: &'static str,
    /// The fields that can be bound.
    pub fields: &'static [&'static str],
    /// What emitting it emits as well.
    pub cascades: &'static [Cascade],
    /// Where it is declared.
    pub file: &'static str,
    /// Where it is declared.
    pub line: u32,
}

/// One event emitting another.
#[derive(Debug)]
pub struct Cascade {
    /// The event that is emitted as well.
    pub target: fn() -> &'static EventDeclaration,
    /// Where its fields come from.
    pub fields: CascadeFields,
}

/// Where the fields of a cascaded event come from.
#[derive(Debug)]
pub enum CascadeFields {
    /// From the fields of the same names.
    Shared,
    /// These from others (target's field, own field), the rest from the fields of the same names.
    Mapped(&'static [(&'static str, &'static str)]),
}

/// An event with the values of its fields, by name. Typed events turn into it. It has a text form, for a row of an outbox,
/// and is that text to serde.
///
/// ```
/// use cache_runtime::Event;
///
/// let event = Event::new("member_update").field("guild_id", 42);
/// assert_eq!(event.name(), "member_update");
/// assert_eq!(event.to_string(), "member_update?guild_id=42");
/// assert_eq!("member_update?guild_id=42".parse::<Event>()?.name(), "member_update");
/// # Ok::<(), cache_runtime::event::InvalidEvent>(())
/// ```
#[derive(Clone, Debug)]
pub struct Event {
    name: Cow<'static, str>,
    declaration: Option<&'static EventDeclaration>,
    fields: BTreeMap<String, Vec<String>>,
}

impl Event {
    /// An event without fields yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Cow::Owned(name.into()), declaration: None, fields: BTreeMap::new() }
    }

    /// An event of a declared type.
    pub fn declared(declaration: &'static EventDeclaration) -> Self {
        Self { name: Cow::Borrowed(declaration.name), declaration: Some(declaration), fields: BTreeMap::new() }
    }

    /// Adds a field. A collection stands for each of its elements.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl KeyPart) -> Self {
        let mut texts = Vec::new();
        value.elements(&mut texts);
        self.fields.insert(name.into(), texts);
        self
    }

    /// Adds a field that stands as a keyed hash: what a function is bound to whose parameter is `#[key(secret)]`.
    #[must_use]
    pub fn secret(self, name: impl Into<String>, value: impl KeyPart) -> Self {
        self.field(name, crate::key::secret(&value))
    }

    /// The name it is emitted under.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// What a field stands for.
    pub(crate) fn texts(&self, field: &str) -> impl Iterator<Item = &str> {
        self.fields.get(field).into_iter().flatten().map(String::as_str)
    }

    pub(crate) fn declaration(&self) -> Option<&'static EventDeclaration> {
        self.declaration
    }

    pub(crate) fn declare(&mut self, declaration: &'static EventDeclaration) {
        self.declaration = Some(declaration);
    }
}

impl<E: CacheEvent> From<E> for Event {
    fn from(event: E) -> Self {
        event.to_event()
    }
}

/// The events themselves and all they cascade to, each once.
///
/// # Errors
/// If an event lacks a field that a cascade of it needs.
pub(crate) fn with_cascades(events: Vec<Event>) -> Result<Vec<Event>, Error> {
    // The most common case by far.
    if let [only] = &events[..]
        && only.declaration.is_none_or(|declaration| declaration.cascades.is_empty())
    {
        return Ok(events);
    }
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    let mut left = events;
    while let Some(event) = left.pop() {
        if !seen.insert((event.name.clone(), event.fields.clone())) {
            continue;
        }
        for cascade in event.declaration.map_or(&[][..], |declaration| declaration.cascades) {
            left.push(cascaded(&event, cascade)?);
        }
        all.push(event);
    }
    Ok(all)
}

fn cascaded(event: &Event, cascade: &Cascade) -> Result<Event, Error> {
    let target = (cascade.target)();
    let mut next = Event::declared(target);
    for field in target.fields {
        let source = cascade.fields.source(field);
        let values = event.fields.get(source).ok_or_else(|| Error::MissingField {
            event: event.name().to_owned(),
            field: source.to_owned(),
            function: format!("cascade to `{}`", target.name),
        })?;
        next.fields.insert((*field).to_owned(), values.clone());
    }
    Ok(next)
}

impl CascadeFields {
    fn source(&self, target: &'static str) -> &'static str {
        match self {
            Self::Shared => target,
            Self::Mapped(pairs) => pairs.iter().find(|(to, _)| *to == target).map_or(target, |(_, from)| from),
        }
    }
}

/// Every dependency that an event invalidates.
///
/// # Errors
/// If it has more fields than can be bound.
pub(crate) fn dependencies_of(event: &Event) -> Result<Vec<String>, Error> {
    let bindable: Vec<(&str, &[String])> = event
        .fields
        .iter()
        .filter(|(name, _)| event.declaration.is_none_or(|declared| declared.fields.contains(&name.as_str())))
        .map(|(name, values)| (name.as_str(), values.as_slice()))
        .collect();
    if bindable.len() > MAX_FIELDS {
        return Err(Error::TooManyFields { event: event.name().to_owned(), count: bindable.len(), limit: MAX_FIELDS });
    }
    let (mut texts, mut chosen) = (Vec::with_capacity(1 << bindable.len()), Vec::with_capacity(bindable.len()));
    for subset in 0..1_u32 << bindable.len() {
        let fields = bindable.iter().enumerate().filter(|(at, _)| subset & (1 << at) != 0).map(|(_, field)| *field);
        products(&mut texts, event.name(), &mut chosen, fields);
    }
    Ok(texts)
}

/// Adds one dependency for each way to choose one value of every field that is left, beside what is chosen already.
fn products<'a>(
    texts: &mut Vec<String>,
    event: &str,
    chosen: &mut Vec<(&'a str, &'a str)>,
    mut left: impl Iterator<Item = (&'a str, &'a [String])> + Clone,
) {
    let Some((name, values)) = left.next() else { return texts.push(dependency(event, chosen)) };
    for value in values {
        chosen.push((name, value));
        products(texts, event, chosen, left.clone());
        chosen.pop();
    }
}

/// The dependency of an event's name with values of some of its fields, which are sorted by name.
pub(crate) fn dependency(event: &str, fields: &[(&str, &str)]) -> String {
    let names = fields.iter().map(|(name, _)| *name);
    dependency_with(event, names, |at, text| text + fields[at].1)
}

/// The same, with the value of each field added by `write`, which is given the field's place among them.
pub(crate) fn dependency_with<'a>(
    event: &str,
    names: impl Iterator<Item = &'a str>,
    mut write: impl FnMut(usize, String) -> String,
) -> String {
    let mut text = String::with_capacity(64);
    ["ev:", event, ":"].iter().for_each(|part| text.push_str(part));
    for (at, name) in names.enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(name);
        text.push('=');
        text = write(at, text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_every_subset_of_its_fields() {
        let event = Event::new("e").field("b", 2).field("a", 1);
        let mut texts = dependencies_of(&event).expect("two fields are few");
        texts.sort();
        assert_eq!(texts, ["ev:e:", "ev:e:a=1", "ev:e:a=1,b=2", "ev:e:b=2"]);
    }

    #[test]
    fn a_collection_stands_for_each_element_and_for_itself() {
        let event = Event::new("e").field("ids", vec![1, 2]);
        let expected = ["ev:e:", "ev:e:ids=1", "ev:e:ids=2", "ev:e:ids=[1,2]"];
        assert_eq!(dependencies_of(&event).expect("one field"), expected);
    }

    #[test]
    fn a_number_and_its_text_are_the_same_guild() {
        let number = dependencies_of(&Event::new("e").field("id", 42)).expect("one field");
        let text = dependencies_of(&Event::new("e").field("id", "42")).expect("one field");
        assert_eq!(number, text);
    }

    #[test]
    fn more_fields_than_can_be_bound_are_refused() {
        let event = (0..6).fold(Event::new("e"), |event, at| event.field(format!("f{at}"), at));
        assert!(matches!(dependencies_of(&event), Err(Error::TooManyFields { count: 6, .. })));
    }
}
