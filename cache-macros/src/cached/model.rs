//! Checked facts: what the stages before have made sure of, and the expansion may rely on.

use super::batch::Batch;
use super::opinions::Opinions;
use super::rules::Paths;
use crate::extent::Extent;
use crate::item::Function;
use crate::paths::Door;
use crate::source::Place;
use crate::template::{Placeholder, Template};
use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, FnArg, Path, Type};

pub(crate) struct Model {
    pub(crate) door: Door,
    pub(crate) function: Function,
    pub(crate) returns: Type,
    /// Where that stands.
    pub(crate) span: Span,
    /// Where the function does, if it has companions and that is certain.
    pub(crate) place: Option<Place>,
    pub(crate) name: String,
    /// Whether the attribute says so.
    pub(crate) is_named: bool,
    pub(crate) key: Vec<Part>,
    pub(crate) values: Vec<Value>,
    pub(crate) tags: Vec<Vec<Part>>,
    /// Tags that follow from the returned value.
    pub(crate) late_tags: Vec<Template>,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) policy: Opinions,
    pub(crate) paths: Paths,
    pub(crate) codec: Option<Expr>,
    pub(crate) version: u32,
    pub(crate) cache: Option<Expr>,
    pub(crate) companions: bool,
    /// The parameter that has several ids, and what one is called in the key.
    pub(crate) batch: Option<Batch>,
    /// The parameters that `…_entry` takes: the receiver, and those that the key has values of.
    pub(crate) entry_inputs: Vec<FnArg>,
    /// What `…_entry` is a handle on, as a type.
    pub(crate) entry_value: TokenStream,
}

impl Model {
    /// Whether an option asks for loads that no caller waits for.
    pub(crate) fn asks_for_background(&self) -> bool {
        const OPTIONS: [&str; 5] = ["early", "stale_while_revalidate", "soft_timeout", "hard_timeout", "refresh_every"];
        OPTIONS.iter().any(|option| self.policy.of(option).is_some())
    }
}

/// A piece of a template, its placeholders looked up.
pub(crate) enum Part {
    Text(String),
    /// The function's path.
    Path,
    Value {
        index: usize,
        delimiter: Option<char>,
        is_integer: bool,
    },
}

/// A value of a call.
pub(crate) struct Value {
    pub(crate) placeholder: Placeholder,
    /// Whether it names a type parameter, whose value is the type's name.
    pub(crate) is_type: bool,
    /// Whether it is marked as secret; none if only its type knows.
    pub(crate) is_secret: Option<bool>,
    /// Where a value that cannot be a key is reported.
    pub(crate) extent: Extent,
}

pub(crate) struct Binding {
    pub(crate) event: Event,
    pub(crate) fields: Fields,
}

pub(crate) enum Event {
    Named(String),
    Declared(Path),
}

pub(crate) enum Fields {
    Shared,
    Only(Vec<(Ident, usize)>),
}
