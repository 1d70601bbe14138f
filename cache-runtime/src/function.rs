//! What the attribute read off a cached function, and the dependencies that follow from a call's arguments.

use crate::event::{EventDeclaration, dependency_with};
use crate::key::fingerprint::Begun;
use crate::key::{Fingerprinter, Id, KeyWriter, Part, Style, Template};
use crate::policy::Policy;
use crate::registry;
use std::panic::Location;
use std::sync::OnceLock;

/// A cached function, as its expansion describes it.
#[derive(Debug)]
pub struct Function {
    spec: FunctionSpec,
    place: &'static Location<'static>,
    path: OnceLock<String>,
    print: OnceLock<Begun>,
    bindings: OnceLock<Vec<Bound>>,
    /// The dependencies on itself, and on whoever shares its keys.
    selves: OnceLock<Vec<String>>,
}

/// What the attribute says.
#[derive(Debug)]
pub struct FunctionSpec {
    /// The name in metrics, configuration and the graph: the attribute's, or the function's own.
    pub name: &'static str,
    /// Whether the attribute gives the name.
    pub is_named: bool,
    /// The function's own name.
    pub ident: &'static str,
    /// The path of an item inside the function, which tells apart the methods of two types in one module.
    pub inside: fn() -> &'static str,
    /// The key.
    pub template: Template,
    /// The binding name of each value of a call.
    pub values: &'static [&'static str],
    /// Of each value, whether it is a secret; none where only its type knows.
    pub secrets: &'static [Option<bool>],
    /// The return type, as text.
    pub returns: &'static str,
    /// The events it listens to.
    pub bindings: &'static [Binding],
    /// Its tags.
    pub tags: &'static [Template],
    /// Those that follow from the returned value, as they are written.
    pub tags_of_value: &'static [&'static str],
    /// The attribute's `version`.
    pub version: u32,
    /// Whether the life of a value follows from it.
    pub lives_by_value: bool,
    /// Whether some of its errors are remembered.
    pub remembers_errors: bool,
    /// The options that make up its policy.
    pub policy: fn() -> Policy,
}

/// One element of `invalidate_on`.
#[derive(Debug)]
pub struct Binding {
    /// Which event.
    pub event: EventRef,
    /// Which fields of it.
    pub fields: Fields,
}

/// An event as the attribute names it.
#[derive(Debug)]
pub enum EventRef {
    /// By a string.
    Named(&'static str),
    /// By its type.
    Declared(fn() -> &'static EventDeclaration),
}

/// The fields that a function is bound to.
#[derive(Debug)]
pub enum Fields {
    /// Those of the event that the key has values of the same names for.
    Shared,
    /// These: the event's field, and the index of the value.
    Only(&'static [(&'static str, usize)]),
}

/// A binding with its fields known, sorted by name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) event: &'static str,
    pub(crate) fields: Vec<(&'static str, usize)>,
}

impl Function {
    /// A function of this description, where this is called.
    #[track_caller]
    pub const fn new(spec: FunctionSpec) -> Self {
        Self {
            spec,
            place: Location::caller(),
            path: OnceLock::new(),
            print: OnceLock::new(),
            bindings: OnceLock::new(),
            selves: OnceLock::new(),
        }
    }

    /// The function of a companion, which is of the same attribute: `inside` is the path of an item in the companion.
    ///
    /// # Panics
    /// If the register does not have it, or has two that cannot be told apart.
    #[track_caller]
    pub fn with_companion(inside: &'static str, ident: &'static str) -> &'static Self {
        registry::with_companion(inside, ident, Location::caller())
    }

    /// Module, type if it is a method, and function.
    pub(crate) fn path(&self) -> &str {
        self.path.get_or_init(|| path_of((self.spec.inside)(), self.spec.ident))
    }

    /// The attribute, or what the macro with the attribute in it is called at.
    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }

    pub(crate) fn spec(&self) -> &FunctionSpec {
        &self.spec
    }

    /// The fingerprint of a call: of the function, as two with one template need not have the same dependencies.
    ///
    /// Always inlined, into a place that knows what the values are: they are asked for theirs without a detour then.
    #[inline(always)]
    pub(crate) fn fingerprint(&self, values: &[Part<'_>]) -> Id {
        let mut print = Fingerprinter::go_on(self.print.get().unwrap_or_else(|| self.begin_print()));
        // Few are spelled out: what they are is known then even where the loop is not unrolled.
        match values {
            [one] => one.0.fingerprint(&mut print),
            [one, two] => {
                one.0.fingerprint(&mut print);
                two.0.fingerprint(&mut print);
            }
            all => all.iter().for_each(|value| value.0.fingerprint(&mut print)),
        }
        print.finish()
    }

    #[cold]
    fn begin_print(&self) -> &Begun {
        self.print.get_or_init(|| Fingerprinter::begin_with(self.own_print()))
    }

    /// What it has alone: another of the same path stands elsewhere.
    pub(crate) fn own_print(&self) -> Id {
        let mut print = Fingerprinter::new();
        print.text(self.path());
        print.text(self.place.file());
        print.fixed(self.place.line().to_le_bytes());
        print.fixed(self.place.column().to_le_bytes());
        self.spec.template.fingerprint(self.path(), &mut print);
        print.finish()
    }

    /// What a call's entry depends on, besides its key and what all calls depend on.
    pub(crate) fn dependencies(&self, values: &[Part<'_>]) -> impl Iterator<Item = String> {
        let events = self.bindings().iter().map(|bound| bound.dependency(values));
        let tags = self.spec.tags.iter().map(|tag| tag_dependency(&tag.tag(self.path(), values)));
        events.chain(tags)
    }

    /// What all its calls depend on. Functions whose keys can be equal serve each other's entries: what ends those of one
    /// ends those of all.
    pub(crate) fn selves(&self) -> &[String] {
        self.selves.get_or_init(|| {
            let template = self.spec.template;
            let shares = |other: &&'static Self| template.overlaps(self.path(), other.spec.template, other.path());
            // One that is generic, or within another, need not be registered as the very static that is called.
            let all = registry::functions().into_iter().filter(shares).map(registry::name_of);
            let mut all: Vec<_> = all.chain([registry::name_of(self)]).map(|name| function_dependency(&name)).collect();
            all.sort_unstable();
            all.dedup();
            all
        })
    }

    /// Whether a key could be one of this function's.
    pub(crate) fn may_have(&self, key: &str) -> bool {
        self.spec.template.may_make(self.path(), key)
    }

    pub(crate) fn bindings(&self) -> &[Bound] {
        self.bindings.get_or_init(|| self.spec.bindings.iter().map(|binding| binding.bound(self.spec.values)).collect())
    }

    pub(crate) fn location(&self) -> String {
        format!("{}:{}", self.place.file(), self.place.line())
    }

    pub(crate) fn template(&self) -> String {
        self.spec.template.shown(self.path(), self.spec.values)
    }
}

/// `app::Repo<T>::find` of `app::Repo<T>::find_refresh::{{closure}}::inside`: companions have the path of their function.
pub(crate) fn path_of(inside: &str, ident: &str) -> String {
    let path = inside.replace("::{{closure}}", "");
    let parents = path.rsplitn(3, "::").nth(2).unwrap_or_default();
    format!("{parents}::{ident}")
}

/// The dependency on a tag.
pub(crate) fn tag_dependency(tag: &str) -> String {
    format!("tag:{tag}")
}

/// The dependency on a function.
pub(crate) fn function_dependency(name: &str) -> String {
    format!("fn:{name}")
}

impl Binding {
    fn bound(&self, values: &[&'static str]) -> Bound {
        let (event, declaration) = match self.event {
            EventRef::Named(name) => (name, registry::event(name)),
            EventRef::Declared(declaration) => (declaration().name, Some(declaration())),
        };
        let mut fields = match self.fields {
            Fields::Only(fields) => fields.to_vec(),
            Fields::Shared => shared(values, declaration),
        };
        fields.sort_unstable();
        Bound { event, fields }
    }
}

fn shared(values: &[&'static str], declaration: Option<&EventDeclaration>) -> Vec<(&'static str, usize)> {
    let has = |name: &str| declaration.is_none_or(|declaration| declaration.fields.contains(&name));
    values.iter().enumerate().filter(|(_, name)| has(name)).map(|(at, name)| (*name, at)).collect()
}

impl Bound {
    fn dependency(&self, values: &[Part<'_>]) -> String {
        dependency_with(self.event, self.fields.iter().map(|(name, _)| *name), |at, text| {
            let mut writer = KeyWriter::after(text, Style::Field);
            values[self.fields[at].1].0.write(&mut writer);
            writer.finish()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn companions_have_the_path_of_their_function() {
        assert_eq!(path_of("app::find::{{closure}}::inside", "find"), "app::find");
        assert_eq!(path_of("app::Repo<T>::find_refresh::{{closure}}::inside", "find"), "app::Repo<T>::find");
        assert_eq!(path_of("app::outer::{{closure}}::find_entry::inside", "find"), "app::outer::find");
    }
}
