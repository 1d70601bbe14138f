//! What an event would invalidate, for people who wonder before they emit it.

use super::remove::expanded;
use crate::error::Error;
use crate::event::Event;
use crate::function::{Bound, Function};
use crate::registry;
use std::fmt;

/// What emitting an event would invalidate. It prints itself, a line for each name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Impact {
    /// The event and all that it cascades to, as text, sorted.
    pub events: Vec<String>,
    /// The names that would be bumped, sorted: every entry that depends on one of them ends, also one of another program.
    pub dependencies: Vec<String>,
    /// The cached functions of this program that listen, by path.
    pub functions: Vec<ImpactedFunction>,
}

/// A cached function that listens to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImpactedFunction {
    /// The name in metrics and configuration.
    pub name: String,
    /// Module path and function.
    pub path: String,
    /// The name of the event that it listens to.
    pub event: String,
    /// The keys of the entries that would end: with the event's values where it has some, and with `<param>` where any
    /// value is meant. A text that looks like a number stands here without the `'` that its key has.
    pub keys: Vec<String>,
}

impl Impact {
    pub(super) fn of(event: Event) -> Result<Self, Error> {
        let expanded = expanded(vec![event])?;
        let mut events: Vec<_> = expanded.events.iter().map(ToString::to_string).collect();
        events.sort();
        let mut dependencies = expanded.texts;
        dependencies.sort();
        dependencies.dedup();
        let mut functions: Vec<_> = expanded.events.iter().flat_map(listening).collect();
        functions.sort_by(|left, right| (&left.path, &left.event).cmp(&(&right.path, &right.event)));
        functions.dedup();
        Ok(Self { events, dependencies, functions })
    }
}

fn listening(event: &Event) -> Vec<ImpactedFunction> {
    let pairs = registry::functions().into_iter().flat_map(|function| {
        function.bindings().iter().filter(|bound| bound.event == event.name()).map(move |bound| (function, bound))
    });
    let impacted = pairs.map(|(function, bound)| ImpactedFunction {
        name: registry::name_of(function),
        path: function.path().to_owned(),
        event: event.name().to_owned(),
        keys: keys(function, bound, event),
    });
    impacted.collect()
}

/// One key for each way to choose one value of every field that the function is bound to.
fn keys(function: &Function, bound: &Bound, event: &Event) -> Vec<String> {
    let (template, values) = (function.spec().template, function.spec().values);
    let mut chosen: Vec<Vec<(usize, &str)>> = vec![Vec::new()];
    for (field, index) in &bound.fields {
        let fits = |text: &&str| !template.is_integer(*index) || text.parse::<i128>().is_ok();
        let texts: Vec<&str> = event.texts(field).filter(fits).collect();
        let pairs = chosen.iter().flat_map(|before| texts.iter().map(move |text| (before, *text)));
        chosen = pairs.map(|(before, text)| before.iter().copied().chain([(*index, text)]).collect()).collect();
    }
    chosen.iter().map(|known| template.filled(function.path(), values, known)).collect()
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.events {
            writeln!(f, "event  {event}")?;
        }
        for dependency in &self.dependencies {
            writeln!(f, "bumps  {dependency}")?;
        }
        for function in &self.functions {
            for key in &function.keys {
                writeln!(f, "ends   {key}  of {}", function.path)?;
            }
        }
        Ok(())
    }
}
