//! The cached functions and events of this program, and whether they agree with each other.
//!
//! Expansions submit themselves through `inventory`, so all of them are known before the first call.

mod companions;
mod types;

use crate::event::{EventDeclaration, MAX_FIELDS};
use crate::function::{Bound, Function};
use crate::writer::{Emitted, Writer};
pub(crate) use companions::with_companion;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;
use types::{unqualified, value_type};

/// A cached function of this program.
#[derive(Debug)]
pub struct RegisteredFunction(pub &'static Function);

/// A declared event of this program.
#[derive(Debug)]
pub struct RegisteredEvent(pub &'static EventDeclaration);

/// A writer of this program.
#[derive(Debug)]
pub struct RegisteredWriter(pub &'static Writer);

inventory::collect!(RegisteredFunction);
inventory::collect!(RegisteredWriter);

/// A function of this program whose returned values replace entries.
#[derive(Debug)]
pub struct RegisteredPut(pub &'static Function);

inventory::collect!(RegisteredPut);
inventory::collect!(RegisteredEvent);

/// A type, function or event of this program with a value that may stand in no name as it is.
#[derive(Debug)]
pub struct RegisteredSecret {
    /// What it is called.
    pub of: &'static str,
    /// Where it is.
    pub file: &'static str,
    /// Where it is.
    pub line: u32,
}

inventory::collect!(RegisteredSecret);

/// Something with a secret value, if there is any: the first by its place.
pub(crate) fn a_secret() -> Option<&'static RegisteredSecret> {
    inventory::iter::<RegisteredSecret>.into_iter().min_by_key(|secret| (secret.file, secret.line))
}

/// Every cached function, by path.
pub(crate) fn functions() -> Vec<&'static Function> {
    let mut all: Vec<_> = inventory::iter::<RegisteredFunction>.into_iter().map(|registered| registered.0).collect();
    all.sort_by_key(|function| (function.path(), function.place()));
    all
}

/// Every writer, by path.
pub(crate) fn writers() -> Vec<&'static Writer> {
    let mut all: Vec<_> = inventory::iter::<RegisteredWriter>.into_iter().map(|registered| registered.0).collect();
    all.sort_by_key(|writer| (writer.path(), writer.spec().line));
    all
}

/// The functions that a key could be of, as a look at the beginnings of their keys tells of most.
pub(crate) fn functions_with(key: &str) -> impl Iterator<Item = &'static Function> {
    inventory::iter::<RegisteredFunction>.into_iter().map(|registered| registered.0).filter(|of| of.may_have(key))
}

/// Every function whose values replace entries, by path.
pub(crate) fn puts() -> Vec<&'static Function> {
    let mut all: Vec<_> = inventory::iter::<RegisteredPut>.into_iter().map(|registered| registered.0).collect();
    all.sort_by_key(|function| (function.path(), function.place()));
    all
}

/// The cached functions whose entries a writer replaces: those with its key.
pub(crate) fn readers(writer: &Function) -> Vec<&'static Function> {
    let template = writer.spec().template;
    functions().into_iter().filter(|function| function.spec().template.is_same(template)).collect()
}

/// Every declared event, by name.
pub(crate) fn events() -> Vec<&'static EventDeclaration> {
    let mut all: Vec<_> = inventory::iter::<RegisteredEvent>.into_iter().map(|registered| registered.0).collect();
    all.sort_by_key(|event| (event.name, event.file, event.line));
    all
}

/// The declared event of a name.
pub(crate) fn event(name: &str) -> Option<&'static EventDeclaration> {
    inventory::iter::<RegisteredEvent>.into_iter().map(|registered| registered.0).find(|event| event.name == name)
}

/// Whether any cached function listens to an event of this name.
pub(crate) fn has_listener(event: &str) -> bool {
    listeners(event).next().is_some()
}

/// The functions that listen to an event, each with what binds it. Every emission asks, so they are put in order once, with
/// the first: those of a library that is opened later are none of them.
pub(crate) fn listeners(event: &str) -> impl Iterator<Item = (&'static Function, &'static Bound)> {
    static BY_EVENT: LazyLock<HashMap<&str, Vec<(&Function, &Bound)>>> = LazyLock::new(|| {
        let mut by_event: HashMap<&str, Vec<_>> = HashMap::new();
        for RegisteredFunction(function) in inventory::iter::<RegisteredFunction> {
            for bound in function.bindings() {
                by_event.entry(bound.event).or_default().push((*function, bound));
            }
        }
        by_event
    });
    BY_EVENT.get(event).into_iter().flatten().copied()
}

/// The event that a misspelt name most likely means.
pub(crate) fn most_like(name: &str) -> Option<String> {
    let declared = events().into_iter().map(|event| event.name);
    let heard = functions().into_iter().flat_map(|function| function.bindings().iter().map(|bound| bound.event));
    most_like_of(declared.chain(heard).map(str::to_owned), name)
}

/// Whether there is a cached function of this name, and if not, the one that is most likely meant.
///
/// # Errors
/// The name of that one, if any is like it.
pub(crate) fn check_function(name: &str) -> Result<(), Option<String>> {
    let mut names = functions().into_iter().map(name_of);
    if names.any(|known| known == name) {
        Ok(())
    } else {
        Err(most_like_of(functions().into_iter().map(name_of), name))
    }
}

fn most_like_of(known: impl Iterator<Item = String>, name: &str) -> Option<String> {
    let scored = known.map(|known| (strsim::jaro_winkler(&known, name), known));
    let best = scored.max_by(|(left, _), (right, _)| left.total_cmp(right))?;
    (best.0 > 0.8).then_some(best.1)
}

/// What is wrong between the functions and events of this program, a sentence each.
pub(crate) fn problems() -> Vec<String> {
    let functions = functions();
    let mut problems = companions::one_path_at_one_place(&functions);
    problems.extend(names_used_twice(&functions));
    problems.extend(overlapping_keys(&functions));
    problems.extend(too_many_fields(&functions));
    problems.extend(fields_that_are_not_there(&functions));
    problems.extend(types_that_are_not_told_apart(&functions));
    problems.extend(events_declared_twice());
    problems.extend(cycles());
    problems.extend(emitted_in_vain());
    problems.extend(put_in_vain());
    problems
}

fn names_used_twice(functions: &[&'static Function]) -> Vec<String> {
    let mut seen: BTreeMap<String, &Function> = BTreeMap::new();
    let mut problems = Vec::new();
    for &function in functions {
        let name = name_of(function);
        // A function inside the body of a cached one exists once in each of its companions.
        let is_elsewhere = |first: &&Function| first.location() != function.location();
        if let Some(first) = seen.insert(name.clone(), function).filter(is_elsewhere) {
            problems.push(format!(
                "two cached functions are named `{name}`: {} ({}) and {} ({}); give one of them another `name = \"…\"`",
                first.path(),
                first.location(),
                function.path(),
                function.location(),
            ));
        }
    }
    problems
}

/// What a function is called: its name, or its path where another function has the same name by default.
pub(crate) fn name_of(function: &Function) -> String {
    let spec = function.spec();
    let others = inventory::iter::<RegisteredFunction>.into_iter().map(|registered| registered.0);
    let mut namesakes = others.filter(|other| other.spec().name == spec.name && other.path() != function.path());
    match !spec.is_named && namesakes.any(|other| !other.spec().is_named) {
        true => function.path().to_owned(),
        false => spec.name.to_owned(),
    }
}

fn overlapping_keys(functions: &[&'static Function]) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, left) in functions.iter().enumerate() {
        for right in &functions[at + 1..] {
            let (l, r) = (left.spec(), right.spec());
            // Of a batch whose type does not show what one result is, nothing is known.
            let are_known = !l.returns.is_empty() && !r.returns.is_empty();
            if are_known
                && unqualified(value_type(l.returns)) != unqualified(value_type(r.returns))
                && l.template.overlaps(left.path(), r.template, right.path())
            {
                problems.push(format!(
                    "the keys of two cached functions can be equal while their values differ in type: \
                     {} `{}` → {} ({}) and {} `{}` → {} ({}); change one key",
                    left.path(),
                    left.template(),
                    l.returns,
                    left.location(),
                    right.path(),
                    right.template(),
                    r.returns,
                    right.location(),
                ));
            }
        }
    }
    problems
}

fn too_many_fields(functions: &[&'static Function]) -> Vec<String> {
    let wide = functions.iter().flat_map(|function| function.bindings().iter().map(move |bound| (function, bound)));
    wide.filter(|(_, bound)| bound.fields.len() > MAX_FIELDS)
        .map(|(function, bound)| {
            format!(
                "{} ({}) is bound to {} fields of `{}`; at most {MAX_FIELDS} can be: name them, as in `\"{}({})\"`",
                function.path(),
                function.location(),
                bound.fields.len(),
                bound.event,
                bound.event,
                bound.fields[0].0,
            )
        })
        .collect()
}

/// A binding by name to a field that the declared event of that name does not have: it could never be invalidated.
fn fields_that_are_not_there(functions: &[&'static Function]) -> Vec<String> {
    let bindings = functions.iter().flat_map(|function| function.bindings().iter().map(move |bound| (function, bound)));
    let missing = |(function, bound): (&&'static Function, &Bound)| {
        let declared = event(bound.event)?;
        let (field, _) = bound.fields.iter().find(|(field, _)| !declared.fields.contains(field))?;
        Some(format!(
            "{} ({}) is bound to the field `{field}` of `{}`, and {} ({}:{}) has no such field; its fields are {}",
            function.path(),
            function.location(),
            bound.event,
            declared.type_name,
            declared.file,
            declared.line,
            declared.fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", "),
        ))
    };
    bindings.filter_map(missing).collect()
}

/// An associated function without a receiver does not show its macro that its type is generic; its path does.
fn types_that_are_not_told_apart(functions: &[&'static Function]) -> Vec<String> {
    let is_blind = |function: &&&'static Function| {
        let spec = function.spec();
        function.path().contains("<_") && !spec.template.has_receiver() && !spec.values.contains(&"Self")
    };
    let problem = |function: &&'static Function| {
        format!(
            "{} ({}) is an associated function of a generic type, whose instantiations would share entries; name the type \
             in its key, `<Self>`",
            function.path(),
            function.location(),
        )
    };
    functions.iter().filter(is_blind).map(problem).collect()
}

fn events_declared_twice() -> Vec<String> {
    let events = events();
    // The same declaration in two places does no harm.
    let differ = |a: &EventDeclaration, b: &EventDeclaration| a.fields != b.fields || targets(a) != targets(b);
    let pairs = events.windows(2).filter(|pair| pair[0].name == pair[1].name && differ(pair[0], pair[1]));
    pairs
        .map(|pair| {
            format!(
                "two different events are named `{}`: {} ({}:{}) and {} ({}:{}); give one of them `#[event(name = \"…\")]`",
                pair[0].name, pair[0].type_name, pair[0].file, pair[0].line, pair[1].type_name, pair[1].file, pair[1].line,
            )
        })
        .collect()
}

/// Events that a writer names by a text which nobody knows, or without a field that a function is bound to: emitting them
/// could only fail.
fn emitted_in_vain() -> Vec<String> {
    let emitted = writers().into_iter().flat_map(|writer| writer.spec().emits.iter().map(move |event| (writer, event)));
    let by_text = emitted.filter(|(_, event)| event.declaration().is_none());
    by_text
        .filter_map(|(writer, event)| Some(format!("{} ({}) {}", writer.path(), writer.location(), vain(event)?)))
        .collect()
}

/// Values that no reader of their entry could read.
fn put_in_vain() -> Vec<String> {
    let pairs = puts().into_iter().flat_map(|writer| readers(writer).into_iter().map(move |reader| (writer, reader)));
    let problem = |(writer, reader): (&Function, &Function)| {
        let (w, r) = (writer.spec(), reader.spec());
        let differ = if w.version != r.version {
            format!("in version: {} and {}", w.version, r.version)
        } else if !r.returns.is_empty() && unqualified(value_type(w.returns)) != unqualified(value_type(r.returns)) {
            format!("in the type of their values: {} and {}", w.returns, r.returns)
        } else {
            return None;
        };
        Some(format!(
            "{} ({}) puts entries of `{}` that {} ({}) reads, and the two differ {differ}",
            writer.path(),
            writer.location(),
            writer.template(),
            reader.path(),
            reader.location(),
        ))
    };
    pairs.filter_map(problem).collect()
}

fn vain(emitted: &Emitted) -> Option<String> {
    let name = emitted.name();
    if event(name).is_none() && !has_listener(name) {
        let similar = most_like(name).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        return Some(format!("emits `{name}`, which no type declares and no cached function listens to{similar}"));
    }
    listeners(name).find_map(|(function, bound)| {
        let (missing, _) = bound.fields.iter().find(|(field, _)| !emitted.fields.contains(field))?;
        Some(format!(
            "emits `{name}` without the field `{missing}`, which {} ({}) is bound to",
            function.path(),
            function.location()
        ))
    })
}

fn targets(event: &EventDeclaration) -> Vec<&'static str> {
    event.cascades.iter().map(|cascade| (cascade.target)().name).collect()
}

/// Each circle of cascades once, as the way around it, begun at its first name.
fn cycles() -> Vec<String> {
    let mut found = Vec::new();
    for event in events() {
        walk(event, &mut vec![event.name], &mut found);
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|way| format!("events cascade in a circle: {way}")).collect()
}

fn walk(event: &'static EventDeclaration, way: &mut Vec<&'static str>, found: &mut Vec<String>) {
    for cascade in event.cascades {
        let target = (cascade.target)();
        let first = way[0];
        if target.name == first {
            if way.iter().all(|name| *name >= first) {
                found.push(format!("{} → {first}", way.join(" → ")));
            }
        } else if !way.contains(&target.name) {
            way.push(target.name);
            walk(target, way, found);
            way.pop();
        }
    }
}
