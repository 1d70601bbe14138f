//! The cached functions and events of this program, and how they hang together.

use crate::registry;
use std::collections::BTreeSet;

/// What invalidates what, in a stable order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Graph {
    /// Every cached function, by path.
    pub functions: Vec<GraphFunction>,
    /// Every event that is declared or listened to, by name.
    pub events: Vec<GraphEvent>,
}

/// A cached function.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphFunction {
    /// The name in metrics and configuration.
    pub name: String,
    /// Module path and function.
    pub path: String,
    /// Its key.
    pub key: String,
    /// The events it listens to, each with the fields it is bound to; none means every such event.
    pub listens_to: Vec<(String, Vec<String>)>,
    /// How many tags its entries have.
    pub tags: usize,
    /// File and line.
    pub location: String,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphEvent {
    /// The name it is emitted under.
    pub name: String,
    /// Whether a type declares it.
    pub declared: bool,
    /// The events that it emits as well.
    pub cascades_to: Vec<String>,
}

impl Graph {
    pub(super) fn of_program() -> Self {
        let functions = registry::functions().into_iter().map(GraphFunction::of).collect();
        let declared = registry::events();
        let mut events: Vec<GraphEvent> = declared.iter().map(|event| GraphEvent::of(event)).collect();
        events.dedup();
        let mut graph = Self { functions, events };
        let known: BTreeSet<String> = graph.events.iter().map(|event| event.name.clone()).collect();
        let heard: BTreeSet<String> = graph.heard().map(str::to_owned).collect();
        let undeclared = heard.difference(&known).cloned();
        let undeclared: Vec<_> =
            undeclared.map(|name| GraphEvent { name, declared: false, cascades_to: Vec::new() }).collect();
        graph.events.extend(undeclared);
        graph.events.sort_by(|left, right| left.name.cmp(&right.name));
        graph
    }

    /// Declared events that no function listens to, neither themselves nor through cascades.
    pub fn dead_events(&self) -> Vec<&str> {
        let dead = self.events.iter().filter(|event| !self.reaches_a_listener(&event.name, &mut BTreeSet::new()));
        dead.map(|event| event.name.as_str()).collect()
    }

    /// Functions whose entries only ever expire.
    pub fn never_invalidated(&self) -> Vec<&str> {
        let deaf = self.functions.iter().filter(|function| function.listens_to.is_empty() && function.tags == 0);
        deaf.map(|function| function.path.as_str()).collect()
    }

    fn reaches_a_listener<'a>(&'a self, event: &'a str, seen: &mut BTreeSet<&'a str>) -> bool {
        if !seen.insert(event) {
            return false;
        }
        let targets = self.events.iter().filter(|known| known.name == event).flat_map(|known| &known.cascades_to);
        self.heard().any(|name| name == event)
            || targets.into_iter().any(|target| self.reaches_a_listener(target, seen))
    }

    fn heard(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().flat_map(|function| function.listens_to.iter().map(|(name, _)| name.as_str()))
    }
}

impl GraphFunction {
    fn of(function: &'static crate::function::Function) -> Self {
        let spec = function.spec();
        let bound = function.bindings().iter();
        let fields = |fields: &[(&str, usize)]| fields.iter().map(|(name, _)| (*name).to_owned()).collect();
        Self {
            name: crate::registry::name_of(function),
            path: function.path().to_owned(),
            key: function.template(),
            listens_to: bound.map(|bound| (bound.event.to_owned(), fields(&bound.fields))).collect(),
            tags: spec.tags.len(),
            location: function.location(),
        }
    }
}

impl GraphEvent {
    fn of(event: &'static crate::event::EventDeclaration) -> Self {
        let targets = event.cascades.iter().map(|cascade| (cascade.target)().name.to_owned());
        Self { name: event.name.to_owned(), declared: true, cascades_to: targets.collect() }
    }
}
