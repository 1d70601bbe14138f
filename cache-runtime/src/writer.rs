//! What the attributes of writers read off a function: what it invalidates and replaces.

use crate::event::EventDeclaration;
use crate::function::{EventRef, path_of};
use std::sync::OnceLock;

/// A writer, as one static of its expansion.
#[derive(Debug)]
pub struct Writer {
    spec: WriterSpec,
    path: OnceLock<String>,
}

/// What the attribute says.
#[derive(Debug)]
pub struct WriterSpec {
    /// The function's own name.
    pub ident: &'static str,
    /// The path of an item inside the function.
    pub inside: fn() -> &'static str,
    /// Where it is.
    pub file: &'static str,
    /// Where it is.
    pub line: u32,
    /// The events that it emits, each with the fields that it gives them.
    pub emits: &'static [Emitted],
    /// Whether it announces them first.
    pub is_guarded: bool,
}

/// An event of `#[invalidates]`.
#[derive(Debug)]
pub struct Emitted {
    /// Which.
    pub event: EventRef,
    /// The fields of one that is named by a text.
    pub fields: &'static [&'static str],
}

impl Writer {
    /// A writer of this description.
    pub const fn new(spec: WriterSpec) -> Self {
        Self { spec, path: OnceLock::new() }
    }

    /// Module, type if it is a method, and function.
    pub(crate) fn path(&self) -> &str {
        self.path.get_or_init(|| path_of((self.spec.inside)(), self.spec.ident))
    }

    pub(crate) fn spec(&self) -> &WriterSpec {
        &self.spec
    }

    pub(crate) fn location(&self) -> String {
        format!("{}:{}", self.spec.file, self.spec.line)
    }
}

impl Emitted {
    /// The event's name, and its declaration if a type or the program has one.
    pub(crate) fn name(&self) -> &'static str {
        match self.event {
            EventRef::Named(name) => name,
            EventRef::Declared(declaration) => declaration().name,
        }
    }

    /// The declaration of a typed event.
    pub(crate) fn declaration(&self) -> Option<&'static EventDeclaration> {
        match self.event {
            EventRef::Named(_) => None,
            EventRef::Declared(declaration) => Some(declaration()),
        }
    }
}
