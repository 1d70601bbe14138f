//! What an entry is called: in a store by a text that nothing else has, in memory by a fingerprint.
//!
//! The text is made by a [`Template`] from the encoded arguments. Different arguments give different texts (`writer`
//! says how), and `guild:42:members` stays just that.

pub(crate) mod fingerprint;
pub(crate) mod parts;
mod prehashed;
pub(crate) mod secret;
mod std_parts;
mod template;
mod writer;

pub use fingerprint::Fingerprinter;
pub use parts::{KeyPart, Part, encode, part};
pub(crate) use prehashed::{Addressed, Prehashed};
pub use secret::{Secret, secret};
pub use template::{Piece, Template};
pub use writer::KeyWriter;
pub(crate) use writer::Style;

use crate::stamp::Partition;
use fingerprint::hash_text;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// A 128-bit keyed hash that names a key or dependency inside this process. Aligned as a word, so that entries have no gaps.
#[repr(Rust, packed(8))]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Id(pub(crate) u128);

/// How many bytes of a name are kept as text; what is longer ends in a hash.
pub const MAX_NAME_BYTES: usize = 256;

/// A text that names something in a namespace, and its hash in this process.
///
/// Equal when the text and the namespace are.
#[derive(Clone)]
pub struct Name {
    text: Arc<str>,
    id: Id,
}

/// The name of an entry.
pub type Key = Name;

/// The name of something that entries depend on: an event with the values of its fields, a tag.
pub type Dependency = Name;

impl Name {
    /// A name in a namespace, shortened if it is longer than `max_bytes`.
    pub fn new(namespace: &str, text: String, max_bytes: usize) -> Self {
        let text = shortened(text, max_bytes);
        let id = hash_text(namespace, &text);
        Self { text: text.into(), id }
    }

    /// The text as it stands in a store, without namespace.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition it belongs to, where there are `count`.
    pub fn partition(&self, count: u16) -> Partition {
        Partition::of(&self.text, count)
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }
}

/// The hash of a name's text, which is as it stands in a store.
pub(crate) fn text_id(namespace: &str, text: &str) -> Id {
    hash_text(namespace, text)
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.text)
    }
}

/// The text itself, or as much of its head as fits before `~` and the first 160 bits of its SHA-256.
fn shortened(text: String, max_bytes: usize) -> String {
    const TAIL_BYTES: usize = 41;
    if text.len() <= max_bytes {
        return text;
    }
    let digest = Sha256::digest(text.as_bytes());
    let mut end = max_bytes.saturating_sub(TAIL_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut short = text;
    short.truncate(end);
    short.push('~');
    for byte in &digest[..20] {
        short.push_str(&format!("{byte:02x}"));
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_head_and_ends_in_a_hash() {
        let long = format!("user:{}", "x".repeat(10_000));
        let name = Name::new("", long.clone(), 64);
        assert!(name.as_str().len() <= 64);
        assert!(name.as_str().starts_with("user:xxxx"));
        assert_ne!(name, Name::new("", format!("{long}y"), 64));
        assert_eq!(name, Name::new("", long, 64));
    }

    #[test]
    fn a_shortened_name_never_splits_a_character() {
        let name = Name::new("", "é".repeat(500), 64);
        assert!(name.as_str().len() <= 64);
    }

    #[test]
    fn one_text_in_two_namespaces_is_two_names() {
        assert_ne!(Name::new("a", "x".into(), 64), Name::new("b", "x".into(), 64));
    }
}
