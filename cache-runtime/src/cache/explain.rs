//! What each tier holds of a key, for people who wonder.

use super::Cache;
use super::request::Request;
use super::slot::Standing;
use super::stamps::is_valid;
use crate::codec::Wire;
use crate::envelope::Envelope;
use crate::key::Dependency;
use crate::store::{Read, Snapshot, Want};
use std::fmt;
use std::time::Duration;

/// What each tier holds of a key, and why it would or would not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The key as it stands in the store, without namespace. Of a function's [`Entry`](crate::Entry) whose place has an
    /// entry of another shape, which another version of the program is served, the one of its own that lies beside it:
    /// `user:7~s…`.
    pub key: String,
    /// What the entry depends on, as far as a tier or the arguments tell.
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
    /// With a wire, what answers readers of its type; without, what lies in the key's own place.
    pub(crate) async fn explain_request(&self, request: &Request, wire: Option<&dyn Wire>) -> Explanation {
        let (l1, in_memory) = self.explain_memory(request);
        let request = request.depending_on(in_memory);
        let (l2, request) = self.explain_store(request, wire).await;
        let dependencies = request.dependencies.iter().map(ToString::to_string).collect();
        Explanation { key: request.key.to_string(), dependencies, l1, l2 }
    }

    fn explain_memory(&self, request: &Request) -> (Found, Vec<Dependency>) {
        let Some(l1) = &self.shared.l1 else { return (Found::Off, Vec::new()) };
        let Some(slot) = l1.get(request.print).or_else(|| l1.get_by_key(request.key.id())) else {
            return (Found::Absent, Vec::new());
        };
        let now_ms = self.now_ms();
        let found = match slot.standing(now_ms) {
            Standing::Valid => Found::Valid { remaining: Duration::from_millis(slot.lives().fresh_until_ms - now_ms) },
            Standing::Doubtful => Found::Doubtful,
            Standing::Invalid if slot.lives().fresh_until_ms <= now_ms => invalid("expired"),
            Standing::Invalid => invalid("invalidated since it was loaded"),
        };
        (found, self.names(slot.dependencies().map(str::to_owned).collect()))
    }

    /// The request comes back as that of the entry that was found, with the dependencies that it has.
    async fn explain_store(&self, request: Request, wire: Option<&dyn Wire>) -> (Found, Request) {
        let Some(store) = &self.shared.store else { return (Found::Off, request) };
        let mut request = request;
        loop {
            let read = Read { key: &request.key, dependencies: &request.dependencies, want: Want::Whole };
            let snapshot = match store.read(&self.space.namespace, read).await {
                Ok(snapshot) => snapshot,
                Err(error) => return (Found::Unknown { reason: error.to_string() }, request),
            };
            if let Some(wire) = wire.filter(|wire| self.is_others(&request, *wire, &snapshot)) {
                request = request.aside(self, wire.schema());
                continue;
            }
            let Some(bytes) = &snapshot.entry else { return (Found::Absent, request) };
            let Ok((envelope, _)) = Envelope::open(bytes) else {
                return (invalid("not an entry, or of another format version"), request);
            };
            let unknown = request.unknown_of(&envelope.dependencies);
            if unknown.is_empty() {
                return (self.judge(&envelope, &request, &snapshot), request);
            }
            request = request.depending_on(unknown.into_iter().map(|text| self.name(text)));
        }
    }

    fn judge(&self, envelope: &Envelope<'_>, request: &Request, snapshot: &Snapshot) -> Found {
        if !is_valid(&envelope.stamps, request, snapshot, self.partitions()) {
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
