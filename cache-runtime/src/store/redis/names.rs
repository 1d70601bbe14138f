//! What things are called on the server: `ns:{p0}:m` and its neighbours, as `docs/protocol.md` lists them.

use crate::key::{Dependency, Key};
use crate::stamp::Partition;
use redis::{RedisWrite, ToRedisArgs, ToSingleRedisArg};
use std::borrow::Borrow;
use std::io::Write;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};

/// The names of one partition of a namespace. The braces are a hash tag: all of them are in one slot of a cluster.
pub(crate) struct Names {
    prefix: String,
    pub(super) partition: Partition,
    /// The connection that has last been found to have adopted them.
    pub(super) adopted_on: AtomicU64,
}

/// The names of the first partition, by namespace: where there is one partition, they are those of every operation.
#[derive(Default)]
pub(super) struct FirstNames(RwLock<Vec<(String, Arc<Names>)>>);

/// So many namespaces are kept in mind.
const MAX_KNOWN: usize = 64;

impl FirstNames {
    pub(super) fn of(&self, namespace: &str) -> Arc<Names> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, names)) = known.iter().find(|(of, _)| of == namespace) {
            return names.clone();
        }
        let has_room = known.len() < MAX_KNOWN;
        drop(known);
        let names = Arc::new(Names::new(namespace, Partition(0)));
        if has_room {
            self.0.write().unwrap_or_else(PoisonError::into_inner).push((namespace.to_owned(), names.clone()));
        }
        names
    }
}

/// One of them. It is put together where it is sent from.
#[derive(Clone, Copy)]
pub(super) struct Place<'a>([&'a str; 3]);

impl Place<'_> {
    /// Writes it as an argument.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write_parts(out, &self.0);
    }
}

impl ToRedisArgs for Place<'_> {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        let mut argument = out.writer_for_next_arg();
        // What is written to is memory.
        self.0.iter().for_each(|part| argument.write_all(part.as_bytes()).unwrap_or_default());
    }
}

impl ToSingleRedisArg for Place<'_> {}

/// Writes an `MGET` of these, of which there are seldom more than a few.
pub(super) fn write_mget<'a>(out: &mut Vec<u8>, names: impl Iterator<Item = Place<'a>> + Clone) {
    begin_mget(out, names.clone().count());
    names.for_each(|name| name.write(out));
}

/// Writes what an `MGET` of so many names begins with.
pub(super) fn begin_mget(out: &mut Vec<u8>, names: usize) {
    write_count(out, b'*', 1 + names);
    out.extend_from_slice(b"$4\r\nMGET\r\n");
}

/// Writes a `GETRANGE` of the first bytes of one.
pub(super) fn write_head(out: &mut Vec<u8>, name: Place<'_>, len: usize) {
    out.extend_from_slice(b"*4\r\n$8\r\nGETRANGE\r\n");
    write_parts(out, &name.0);
    write_parts(out, &["0"]);
    write_parts(out, &[&(len.max(1) - 1).to_string()]);
}

/// Writes an argument.
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_count(out, b'$', bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Writes an argument that is put together of these.
fn write_parts(out: &mut Vec<u8>, parts: &[&str]) {
    write_count(out, b'$', parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
    out.extend_from_slice(b"\r\n");
}

/// Writes of how many bytes or parts something is.
pub(super) fn write_count(out: &mut Vec<u8>, kind: u8, count: usize) {
    out.push(kind);
    out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
    out.extend_from_slice(b"\r\n");
}

impl Names {
    pub(crate) fn new(namespace: &str, partition: Partition) -> Self {
        let mut prefix = prefix_of(namespace);
        prefix.push('{');
        prefix.push_str(&tag(partition));
        prefix.push_str("}:");
        Self { prefix, partition, adopted_on: AtomicU64::new(0) }
    }

    /// What all of them begin with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Epoch, seq and the incarnation that wrote them.
    pub(super) fn meta(&self) -> Place<'_> {
        self.place("m", "")
    }

    /// How many partitions the namespace has; in its first one, which it has however many there are.
    pub(super) fn count(&self) -> Place<'_> {
        self.place("n", "")
    }

    /// Where the steps are told of. `history.lua` knows it as well.
    pub(crate) fn channel(&self) -> String {
        format!("{}ev", self.prefix)
    }

    /// The writers who have announced a write to a dependency, and until when that holds.
    fn announced<'a>(&'a self, of: &'a Dependency) -> Place<'a> {
        self.place("i:", of.as_str())
    }

    /// Generation and announcements of each dependency in turn.
    pub(super) fn with_announced<'a>(&'a self, of: &'a [impl Borrow<Dependency>]) -> impl Iterator<Item = Place<'a>> {
        of.iter().map(Borrow::borrow).flat_map(|of| [self.generation(of), self.announced(of)])
    }

    /// The stamp of a dependency's last bump.
    pub(super) fn generation<'a>(&'a self, of: &'a Dependency) -> Place<'a> {
        self.place(GENERATION, of.as_str())
    }

    /// The generations of dependencies, in their order.
    pub(super) fn generations<'a>(&'a self, of: &'a [impl Borrow<Dependency>]) -> impl Iterator<Item = Place<'a>> {
        of.iter().map(|dependency| self.generation(dependency.borrow()))
    }

    /// The bytes of an entry.
    pub(super) fn entry<'a>(&'a self, key: &'a Key) -> Place<'a> {
        self.place(ENTRY, key.as_str())
    }

    /// What the names of entries begin with.
    pub(crate) fn entries(&self) -> String {
        format!("{}{ENTRY}", self.prefix)
    }

    /// The nonce of the loads under way.
    pub(super) fn fence<'a>(&'a self, key: &'a Key) -> Place<'a> {
        self.place(FENCE, key.as_str())
    }

    /// Who alone is to load. `freed.lua` finds the key in it.
    pub(super) fn lease<'a>(&'a self, key: &'a Key) -> Place<'a> {
        self.place("l:", key.as_str())
    }

    fn place<'a>(&'a self, kind: &'a str, of: &'a str) -> Place<'a> {
        Place([&self.prefix, kind, of])
    }
}

/// The names of all partitions of a namespace together.
pub(super) struct Space(String);

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// An entry, or the loads of one.
    Key,
    /// A generation.
    Dependency,
}

impl Space {
    pub(super) fn new(namespace: &str) -> Self {
        Self(prefix_of(namespace))
    }

    /// What the server compares names with, for those that contain `part`.
    pub(super) fn glob(&self, part: &str) -> String {
        let literal = |text: &str| {
            let mut escaped = String::with_capacity(text.len());
            for character in text.chars() {
                if matches!(character, '*' | '?' | '[' | ']' | '\\') {
                    escaped.push('\\');
                }
                escaped.push(character);
            }
            escaped
        };
        format!("{}{{p*}}:*{}*", literal(&self.0), literal(part))
    }

    /// What a name of this namespace stands for, if anybody could look for it.
    pub(super) fn read<'n>(&self, name: &'n str) -> Option<(Kind, &'n str)> {
        let (partition, rest) = name.strip_prefix(&self.0)?.strip_prefix("{p")?.split_once("}:")?;
        partition.parse::<u16>().ok()?;
        match rest.get(..2)? {
            ENTRY | FENCE => Some((Kind::Key, &rest[2..])),
            GENERATION => Some((Kind::Dependency, &rest[2..])),
            _ => None,
        }
    }
}

/// What the names of a namespace begin with.
fn prefix_of(namespace: &str) -> String {
    let mut prefix = String::with_capacity(namespace.len() + 12);
    for character in namespace.chars() {
        // A brace of the namespace's would be taken for the hash tag's.
        match character {
            '%' => prefix.push_str("%25"),
            '{' => prefix.push_str("%7B"),
            other => prefix.push(other),
        }
    }
    if !namespace.is_empty() {
        prefix.push(':');
    }
    prefix
}

const GENERATION: &str = "g:";
const FENCE: &str = "f:";
/// The kind of entries.
const ENTRY: &str = "e:";

/// What a partition's names are hashed by.
pub(super) fn tag(partition: Partition) -> String {
    format!("p{}", partition.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_braces_are_the_partitions() {
        for namespace in ["", "a", "{}", "{", "}", "a{b}c", "}{", "%7B"] {
            let prefix = Names::new(namespace, Partition(7)).prefix;
            let (_, rest) = prefix.split_once('{').expect("there is a hash tag");
            assert_eq!(rest.split('}').next(), Some("p7"), "{prefix}");
        }
        assert_ne!(Names::new("{", Partition(7)).prefix, Names::new("%7B", Partition(7)).prefix);
    }
}
