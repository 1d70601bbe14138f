//! The cached functions, writers and events of this program, and how they hang together.

mod text;

use crate::event::EventDeclaration;
use crate::function::Function;
use crate::registry;
use crate::writer::Writer;
use std::collections::{BTreeMap, BTreeSet};

/// What invalidates what, in a stable order: as data, and as text in three forms.
///
/// It holds what the attributes say. A [`Cache::emit`](crate::Cache::emit) in a body, or in another program, it does not know of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Graph {
    /// Every cached function, by path.
    pub functions: Vec<GraphFunction>,
    /// Every event that is declared, listened to or emitted by a writer, by name.
    pub events: Vec<GraphEvent>,
    /// Every function with `#[invalidates]` or `#[cache_put]`, by path.
    pub writers: Vec<GraphWriter>,
    /// The paths of two cached functions each whose keys can be equal: they share entries.
    pub overlapping_keys: Vec<(String, String)>,
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
    /// The templates of its entries' tags, also of those that follow from the returned value.
    pub tags: Vec<String>,
    /// File and line. It stands in no text form, which would change with every line above.
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
    /// The fields that a function can be bound to; of one that is not declared, none is known.
    pub fields: Vec<String>,
    /// The events that it emits as well.
    pub cascades_to: Vec<String>,
}

/// A function whose success invalidates or replaces entries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphWriter {
    /// Module path and function.
    pub path: String,
    /// The events that `#[invalidates]` emits.
    pub emits: Vec<String>,
    /// The cached functions, by path, whose entries `#[cache_put]` replaces.
    pub puts: Vec<String>,
    /// File and line.
    pub location: String,
}

impl Graph {
    pub(super) fn of_program() -> Self {
        let known = one_a_place(registry::functions(), |function| (function.path(), function.location()));
        let mut events: BTreeMap<String, GraphEvent> = BTreeMap::new();
        for event in registry::events().into_iter().map(GraphEvent::of) {
            events.entry(event.name.clone()).or_insert(event);
        }
        let functions: Vec<_> = known.iter().map(|function| GraphFunction::of(function)).collect();
        let writers = writers();
        let heard = functions.iter().flat_map(|function| function.listens_to.iter().map(|(name, _)| name));
        for name in heard.chain(writers.iter().flat_map(|writer| &writer.emits)) {
            events.entry(name.clone()).or_insert_with(|| GraphEvent::undeclared(name));
        }
        Self { functions, events: events.into_values().collect(), writers, overlapping_keys: overlapping(&known) }
    }

    /// The part of it whose functions and writers lie in a crate or module, with the events that these name and what
    /// those cascade to: `graph.within("my_service")` leaves out what the crates below it cache.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Cache, cached};
    ///
    /// #[cached(key = "graphed:<guild_id>:names", ttl = 300, invalidate_on = ["guild_renamed"])]
    /// async fn names_by_guild(guild_id: u64) -> Vec<u64> {
    ///     vec![guild_id]
    /// }
    ///
    /// let graph = Cache::builder().build().await?.graph().within(module_path!());
    /// assert_eq!(graph.functions[0].key, "graphed:<guild_id>:names");
    /// assert_eq!(graph.unemitted_events(), ["guild_renamed"]);
    /// println!("{}", graph.mermaid());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn within(&self, path: &str) -> Self {
        let is_in =
            |inner: &str| inner.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        let functions: Vec<_> = self.functions.iter().filter(|function| is_in(&function.path)).cloned().collect();
        let writers: Vec<_> = self.writers.iter().filter(|writer| is_in(&writer.path)).cloned().collect();
        let heard = functions.iter().flat_map(|function| function.listens_to.iter().map(|(name, _)| name.as_str()));
        let emitted = writers.iter().flat_map(|writer| writer.emits.iter().map(String::as_str));
        let mut named = BTreeSet::new();
        heard.chain(emitted).for_each(|event| self.follow(event, &mut named));
        let events = self.events.iter().filter(|event| named.contains(event.name.as_str())).cloned().collect();
        let pairs = self.overlapping_keys.iter().filter(|(left, right)| is_in(left) && is_in(right));
        Self { events, overlapping_keys: pairs.cloned().collect(), functions, writers }
    }

    /// Events that no function listens to, neither themselves nor through cascades: to emit them invalidates nothing here.
    pub fn dead_events(&self) -> Vec<&str> {
        let heard: BTreeSet<&str> = self.heard().collect();
        let reached = |event: &GraphEvent| {
            let mut reached = BTreeSet::new();
            self.follow(&event.name, &mut reached);
            !reached.is_disjoint(&heard)
        };
        self.events.iter().filter(|event| !reached(event)).map(|event| event.name.as_str()).collect()
    }

    /// Events that a function listens to and no writer's attribute emits, neither themselves nor through cascades. Where
    /// nothing emits them by hand either, the entries only ever expire.
    pub fn unemitted_events(&self) -> Vec<&str> {
        let mut emitted = BTreeSet::new();
        self.writers.iter().flat_map(|writer| &writer.emits).for_each(|event| self.follow(event, &mut emitted));
        let heard: BTreeSet<&str> = self.heard().collect();
        heard.into_iter().filter(|event| !emitted.contains(event)).collect()
    }

    /// Functions, by path, that listen to nothing, have no tags and whose entries no writer replaces: those only ever
    /// expire, or are removed by hand.
    pub fn never_invalidated(&self) -> Vec<&str> {
        let replaced: BTreeSet<&String> = self.writers.iter().flat_map(|writer| &writer.puts).collect();
        let is_deaf = |function: &&GraphFunction| {
            function.listens_to.is_empty() && function.tags.is_empty() && !replaced.contains(&function.path)
        };
        self.functions.iter().filter(is_deaf).map(|function| function.path.as_str()).collect()
    }

    /// The event, and all that it emits as well.
    fn follow<'a>(&'a self, event: &'a str, seen: &mut BTreeSet<&'a str>) {
        if seen.insert(event) {
            let known = self.events.iter().filter(|known| known.name == event);
            known.flat_map(|known| &known.cascades_to).for_each(|target| self.follow(target, seen));
        }
    }

    fn heard(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().flat_map(|function| function.listens_to.iter().map(|(name, _)| name.as_str()))
    }
}

/// A function inside the body of a cached one exists once in each of its companions, and is one to people.
fn one_a_place<T>(mut all: Vec<&'static T>, place: impl Fn(&T) -> (&str, String)) -> Vec<&'static T> {
    let mut seen = BTreeSet::new();
    all.retain(|item| seen.insert(place(item).1));
    all
}

fn overlapping(functions: &[&'static Function]) -> Vec<(String, String)> {
    let template = |function: &Function| function.spec().template;
    let pairs =
        functions.iter().enumerate().flat_map(|(at, left)| functions[at + 1..].iter().map(move |right| (left, right)));
    pairs
        .filter(|(left, right)| template(left).overlaps(left.path(), template(right), right.path()))
        .map(|(left, right)| (left.path().to_owned(), right.path().to_owned()))
        .collect()
}

/// One for each function, whatever attributes make it a writer.
fn writers() -> Vec<GraphWriter> {
    let mut all: BTreeMap<String, GraphWriter> = BTreeMap::new();
    let new =
        |path: &str, location: String| GraphWriter { path: path.to_owned(), emits: vec![], puts: vec![], location };
    for writer in one_a_place(registry::writers(), |writer: &Writer| (writer.path(), writer.location())) {
        let known = all.entry(writer.path().to_owned()).or_insert_with(|| new(writer.path(), writer.location()));
        known.emits.extend(writer.spec().emits.iter().map(|event| event.name().to_owned()));
    }
    for put in one_a_place(registry::puts(), |put| (put.path(), put.location())) {
        let known = all.entry(put.path().to_owned()).or_insert_with(|| new(put.path(), put.location()));
        known.puts.extend(registry::readers(put).into_iter().map(|reader| reader.path().to_owned()));
    }
    for writer in all.values_mut() {
        writer.emits.sort();
        writer.emits.dedup();
        writer.puts.dedup();
    }
    all.into_values().collect()
}

impl GraphFunction {
    fn of(function: &Function) -> Self {
        let spec = function.spec();
        let bound = function.bindings().iter();
        let fields = |fields: &[(&str, usize)]| fields.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut listens_to: Vec<_> = bound.map(|bound| (bound.event.to_owned(), fields(&bound.fields))).collect();
        listens_to.sort();
        let tags = spec.tags.iter().map(|tag| tag.shown(function.path(), spec.values));
        Self {
            name: registry::name_of(function),
            path: function.path().to_owned(),
            key: function.template(),
            listens_to,
            tags: tags.chain(spec.tags_of_value.iter().map(|tag| (*tag).to_owned())).collect(),
            location: function.location(),
        }
    }
}

impl GraphEvent {
    fn of(event: &'static EventDeclaration) -> Self {
        let targets = event.cascades.iter().map(|cascade| (cascade.target)().name.to_owned());
        let fields = event.fields.iter().map(|field| (*field).to_owned()).collect();
        Self { name: event.name.to_owned(), declared: true, fields, cascades_to: targets.collect() }
    }

    fn undeclared(name: &str) -> Self {
        Self { name: name.to_owned(), declared: false, fields: Vec::new(), cascades_to: Vec::new() }
    }
}
