//! Which entries of a store a program may decode: the fingerprint of a value's type.
//!
//! Two programs of different versions meet at one store during every deploy, and most codecs do not notice that a field
//! has another place. So an entry names the shape that it was written in, and is a miss for readers of another.

mod std_types;

use crate::key::Addressed;
use sha2::{Digest, Sha256};
use siphasher::sip::SipHasher24;
use std::any::type_name;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hasher;

/// A fingerprint of a type as it is stored; an entry with another one is a miss.
///
/// Of a type that derives [`CacheSchema`] it covers names and types of fields, variants, and what serde is told of them,
/// all the way down. Of any other it covers the type's full name only, and does not see a change inside it: raise
/// `version` with such a change, or derive `CacheSchema`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Schema(pub(crate) u64);

impl Schema {
    /// The fingerprint of `T` at a version, by its name.
    ///
    /// ```
    /// use cache_runtime::Schema;
    ///
    /// assert_ne!(Schema::of::<Vec<u64>>(0), Schema::of::<Vec<u32>>(0));
    /// assert_ne!(Schema::of::<Vec<u64>>(0), Schema::of::<Vec<u64>>(1));
    /// ```
    pub fn of<T: ?Sized>(version: u32) -> Self {
        let mut hash = Sha256::new();
        hash.update(version.to_le_bytes());
        hash.update(type_name::<T>());
        Self(first_u64(&hash.finalize()))
    }

    /// The fingerprint of `T` at a version, by its structure.
    ///
    /// ```
    /// use cache_runtime::{CacheSchema, Schema};
    ///
    /// mod before {
    ///     #[derive(cache_runtime::CacheSchema)]
    ///     pub struct Point {
    ///         pub x: i32,
    ///         pub y: i32,
    ///     }
    /// }
    ///
    /// mod after {
    ///     #[derive(cache_runtime::CacheSchema)]
    ///     pub struct Point {
    ///         pub y: i32,
    ///         pub x: i32,
    ///     }
    /// }
    ///
    /// assert_ne!(Schema::structural::<before::Point>(0), Schema::structural::<after::Point>(0));
    /// assert_eq!(Schema::structural::<Vec<u64>>(0), Schema::structural::<std::collections::VecDeque<u64>>(0));
    /// ```
    pub fn structural<T: CacheSchema + ?Sized>(version: u32) -> Self {
        Self(Structure::told::<T>(version).hash.finish())
    }

    /// The fingerprint of what a cached function stores: by structure if a type of the program is part of it. What is made
    /// of the standard library's types alone changes its name whenever it changes, and by name it is the same that calls
    /// by hand go by.
    pub(crate) fn of_stored<T: CacheSchema + ?Sized>(version: u32) -> Self {
        let structure = Structure::told::<T>(version);
        if structure.has_parts { Self(structure.hash.finish()) } else { Self::of::<T>(version) }
    }
}

thread_local! {
    /// What was found out of types on this thread: a hash of all that a type is made of is too much for every call.
    static KNOWN: RefCell<HashMap<(usize, u32), Schema, Addressed>> = RefCell::default();
}

impl Schema {
    /// What `describe` says of a version, asked once a thread.
    pub(crate) fn remembered(describe: fn(u32) -> Self, version: u32) -> Self {
        // Two functions at one address are one function, whatever they were written for.
        let at = (describe as usize, version);
        if let Some(known) = KNOWN.with_borrow(|known| known.get(&at).copied()) {
            return known;
        }
        let schema = describe(version);
        KNOWN.with_borrow_mut(|known| known.insert(at, schema));
        schema
    }
}

fn first_u64(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// A type whose stored form is known. Derive it; cached functions that return it, or anything made of it, find it by
/// themselves.
///
/// A field whose type does not implement it stands with its type's name.
#[diagnostic::on_unimplemented(
    message = "the structure of `{Self}` is not known",
    label = "does not derive `CacheSchema`",
    note = "help: derive `CacheSchema` for it, or leave it out here"
)]
pub trait CacheSchema {
    /// Tells what it is made of.
    fn describe(structure: &mut Structure);
}

/// What a type is made of, as it is being told.
#[derive(Debug)]
pub struct Structure {
    hash: SipHasher24,
    /// The types that are being told, so that one inside itself is told once.
    open: Vec<&'static str>,
    /// Whether any of them is a program's own, which may change.
    has_parts: bool,
}

impl Structure {
    fn told<T: CacheSchema + ?Sized>(version: u32) -> Self {
        let mut structure = Self { hash: SipHasher24::new(), open: Vec::new(), has_parts: false };
        structure.hash.write_u32(version);
        T::describe(&mut structure);
        structure
    }

    /// A type without parts, by a name that it has wherever it is.
    pub fn leaf(&mut self, name: &str) {
        self.text(name);
    }

    /// A type of this kind, made of `parts`.
    pub fn of<T: ?Sized>(&mut self, kind: &str, parts: impl FnOnce(&mut Self)) {
        let name = type_name::<T>();
        if let Some(above) = self.open.iter().rev().position(|open| *open == name) {
            self.text("above");
            self.hash.write_usize(above);
            return;
        }
        self.text(kind);
        self.open.push(name);
        parts(self);
        self.open.pop();
        self.text("end");
    }

    /// What the next part is called, and what serde is told of it.
    pub fn part(&mut self, name: &str, serde: &str) {
        self.has_parts = true;
        self.text(name);
        self.text(serde);
    }

    /// A type of which only the name is known.
    pub fn named<T: ?Sized>(&mut self) {
        self.text("named");
        self.text(type_name::<T>());
    }

    fn text(&mut self, text: &str) {
        self.hash.write_usize(text.len());
        self.hash.write(text.as_bytes());
    }
}
