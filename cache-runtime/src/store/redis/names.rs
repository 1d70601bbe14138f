//! What things are called on the server: `ns:{p0}:m` and its neighbours, as `docs/protocol.md` lists them.

use crate::key::{Dependency, Key};

/// The names of one namespace.
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn new(namespace: &str) -> Self {
        let colon = if namespace.is_empty() { "" } else { ":" };
        Self { prefix: format!("{namespace}{colon}{{p0}}:") }
    }

    /// What all of them begin with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Epoch, seq and the incarnation that wrote them.
    pub(super) fn meta(&self) -> String {
        format!("{}m", self.prefix)
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
    pub(super) fn with_announced(&self, of: &[Dependency]) -> Vec<String> {
        of.iter().flat_map(|dependency| [self.generation(dependency), self.announced(dependency)]).collect()
    }

    /// The stamp of a dependency's last bump.
    fn generation(&self, of: &Dependency) -> String {
        format!("{}g:{}", self.prefix, of.as_str())
    }

    /// The generations of dependencies, in their order.
    pub(super) fn generations(&self, of: &[Dependency]) -> Vec<String> {
        of.iter().map(|dependency| self.generation(dependency)).collect()
    }

    /// The bytes of an entry.
    pub(super) fn entry(&self, key: &Key) -> String {
        format!("{}e:{}", self.prefix, key.as_str())
    }

    /// The nonce of the loads under way.
    pub(super) fn fence(&self, key: &Key) -> String {
        format!("{}f:{}", self.prefix, key.as_str())
    }
}
