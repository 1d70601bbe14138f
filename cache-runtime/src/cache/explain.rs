//! What each tier holds of a key, for people who wonder.

use super::Cache;
use super::l1::Standing;
use super::request::Request;
use super::stamps::is_valid;
use crate::envelope::Envelope;
use crate::store::{Read, Want};
use std::fmt;
use std::time::Duration;

/// What each tier holds of a key, and why it would or would not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The key as it stands in the store, without namespace.
    pub key: String,
    /// What the entry depends on, as far as it is known without its arguments.
    pub dependencies: Vec<String>,
    /// The process's memory.
    pub l1: Found,
    /// The store.
    pub l2: Found,
}

/// What a tier holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// An entry that answers.
    Valid {
        /// How much longer.
        remaining: Duration,
    },
    /// An entry in memory that answers after one question to the store.
    Doubtful,
    /// An entry that does not answer.
    Invalid {
        /// Why not.
        reason: String,
    },
    /// No entry.
    Absent,
    /// There is no such tier.
    Off,
    /// The tier did not say.
    Unknown {
        /// Why not.
        reason: String,
    },
}

impl Cache {
    pub(crate) async fn explain_request(&self, request: &Request) -> Explanation {
        let dependencies = request.dependencies.iter().map(ToString::to_string).collect();
        let (l1, l2) = (self.explain_memory(request), self.explain_store(request).await);
        Explanation { key: request.key.to_string(), dependencies, l1, l2 }
    }

    fn explain_memory(&self, request: &Request) -> Found {
        let Some(l1) = &self.shared.l1 else { return Found::Off };
        let Some(slot) = l1.get(request.print).or_else(|| l1.get_by_key(request.key.id())) else {
            return Found::Absent;
        };
        let now_ms = self.now_ms();
        match slot.standing(now_ms) {
            Standing::Valid => Found::Valid { remaining: Duration::from_millis(slot.expires_ms - now_ms) },
            Standing::Doubtful => Found::Doubtful,
            Standing::Invalid if slot.expires_ms <= now_ms => invalid("expired"),
            Standing::Invalid => invalid("invalidated since it was loaded"),
        }
    }

    async fn explain_store(&self, request: &Request) -> Found {
        let Some(store) = &self.shared.store else { return Found::Off };
        let read = Read { key: &request.key, dependencies: &request.dependencies, want: Want::Whole };
        let snapshot = match store.read(&self.space.namespace, read).await {
            Ok(snapshot) => snapshot,
            Err(error) => return Found::Unknown { reason: error.to_string() },
        };
        let Some(bytes) = &snapshot.entry else { return Found::Absent };
        let Ok((envelope, _)) = Envelope::open(bytes) else {
            return invalid("not an entry, or of another format version");
        };
        if !is_valid(&envelope.stamps, request, &snapshot, self.partitions()) {
            return invalid("invalidated since it was loaded, or what it depends on was evicted");
        }
        match envelope.remaining_ms(self.shared.clock.wall_ms()) {
            0 => invalid("expired"),
            left_ms => Found::Valid { remaining: Duration::from_millis(left_ms) },
        }
    }
}

fn invalid(reason: &str) -> Found {
    Found::Invalid { reason: reason.to_owned() }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "key  {}", self.key)?;
        for dependency in &self.dependencies {
            writeln!(f, "on   {dependency}")?;
        }
        writeln!(f, "l1   {}", self.l1)?;
        write!(f, "l2   {}", self.l2)
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { remaining } => write!(f, "valid for {remaining:?}"),
            Self::Doubtful => f.write_str("doubtful: the store will be asked"),
            Self::Invalid { reason } => write!(f, "invalid: {reason}"),
            Self::Absent => f.write_str("absent"),
            Self::Off => f.write_str("off"),
            Self::Unknown { reason } => write!(f, "unknown: {reason}"),
        }
    }
}
