//! What things are called on the server: `ns:{p0}:m` and its neighbours, as `docs/protocol.md` lists them.

use crate::key::{Dependency, Key};
use crate::stamp::Partition;

/// The names of one partition of a namespace. The braces are a hash tag: all of them are in one slot of a cluster.
pub(crate) struct Names {
    prefix: String,
    pub(super) partition: Partition,
}

impl Names {
    pub(crate) fn new(namespace: &str, partition: Partition) -> Self {
        let colon = if namespace.is_empty() { "" } else { ":" };
        // A brace of the namespace's would be taken for the hash tag's.
        let namespace = namespace.replace('%', "%25").replace('{', "%7B");
        Self { prefix: format!("{namespace}{colon}{{{}}}:", tag(partition)), partition }
    }

    /// What all of them begin with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Epoch, seq and the incarnation that wrote them.
    pub(super) fn meta(&self) -> String {
        format!("{}m", self.prefix)
    }

    /// How many partitions the namespace has; in its first one, which it has however many there are.
    pub(super) fn count(&self) -> String {
        format!("{}n", self.prefix)
    }

    /// Where the steps are told of. `history.lua` knows it as well.
    pub(crate) fn channel(&self) -> String {
        format!("{}ev", self.prefix)
    }

    /// The writers who have announced a write to a dependency, and until when that holds.
    fn announced(&self, of: &Dependency) -> String {
        format!("{}i:{}", self.prefix, of.as_str())
    }

    /// Generation and announcements of each dependency in turn.
    pub(super) fn with_announced(&self, of: &[&Dependency]) -> Vec<String> {
        of.iter().flat_map(|dependency| [self.generation(dependency), self.announced(dependency)]).collect()
    }

    /// The stamp of a dependency's last bump.
    fn generation(&self, of: &Dependency) -> String {
        format!("{}g:{}", self.prefix, of.as_str())
    }

    /// The generations of dependencies, in their order.
    pub(super) fn generations(&self, of: &[&Dependency]) -> Vec<String> {
        of.iter().map(|dependency| self.generation(dependency)).collect()
    }

    /// The bytes of an entry.
    pub(super) fn entry(&self, key: &Key) -> String {
        format!("{}{}", self.entries(), key.as_str())
    }

    /// What the names of entries begin with.
    pub(crate) fn entries(&self) -> String {
        format!("{}e:", self.prefix)
    }

    /// The nonce of the loads under way.
    pub(super) fn fence(&self, key: &Key) -> String {
        format!("{}f:{}", self.prefix, key.as_str())
    }

    /// Who alone is to load. `freed.lua` finds the key in it.
    pub(super) fn lease(&self, key: &Key) -> String {
        format!("{}l:{}", self.prefix, key.as_str())
    }
}

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
