//! What can go wrong, as situations a caller can act on.
//!
//! A cached function never returns these: a failing store is a miss there. They come from the explicit calls
//! (`emit`, `remove`, `set`, …) and from building a cache.

use std::error::Error as StdError;
use std::time::Duration;

/// The cause inside an error, of whatever library it came from.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// What an explicit call of the cache could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store did not do what was asked; for an invalidation this means that it may not hold.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The value could not be encoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// No event of this name is declared in the program and no cached function listens to it.
    #[error("no event named `{name}` is declared and no cached function listens to it{}", hint(.similar))]
    UnknownEvent {
        /// The name as it was emitted.
        name: String,
        /// The declared name that is most like it.
        similar: Option<String>,
    },
    /// No cached function of the program has this name.
    #[error("no cached function is named `{name}`{}", hint(.similar))]
    UnknownFunction {
        /// The name as it was given.
        name: String,
        /// The name that is most like it.
        similar: Option<String>,
    },
    /// An event was emitted without a field that a cached function is bound to.
    #[error("event `{event}` lacks the field `{field}` that `{function}` is bound to")]
    MissingField {
        /// The event as it was emitted.
        event: String,
        /// The field that is missing.
        field: String,
        /// The cached function (or the cascade) that needs it.
        function: String,
    },
    /// An event has a field in plain that a cached function has as a secret, or the other way round: they could never be
    /// equal.
    #[error("event `{event}` has the field `{field}` {}, and `{function}` has it {}; mark both as secret, or neither", plainly(*.is_secret), plainly(!.is_secret))]
    SecretField {
        /// The event as it was emitted.
        event: String,
        /// The field.
        field: String,
        /// The cached function that is bound to it.
        function: String,
        /// Whether the function has it as a secret.
        is_secret: bool,
    },
    /// An event has more fields than can be bound.
    #[error("event `{event}` has {count} fields; at most {limit} can be bound")]
    TooManyFields {
        /// The event as it was emitted.
        event: String,
        /// How many fields it carries.
        count: usize,
        /// How many it may carry.
        limit: usize,
    },
    /// An environment variable or an option of the builder does not say what it should.
    #[error("{name}: {problem}")]
    Configuration {
        /// The variable or option.
        name: String,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// The cached functions and events of this program contradict each other.
    #[error("{}", .0.join("\n"))]
    Registry(
        /// One sentence a contradiction, each with both places.
        Vec<String>,
    ),
    /// There is no TTL in the policy, in the cache's defaults or in its configuration.
    #[error("no ttl for `{name}`: give it one, or give the cache a default")]
    NoTtl {
        /// The key or the function.
        name: String,
    },
    /// A transaction was committed, and what depends on it could not be invalidated: it may be served until its TTL ends,
    /// or until the same is emitted again.
    #[error("the transaction was committed, and what depends on it was not invalidated: {cause}")]
    NotInvalidated {
        /// Why not.
        #[source]
        cause: Box<Error>,
    },
    /// An event was deferred to a transaction that has ended: nobody would emit it.
    #[error("the transaction that the event was deferred to has ended")]
    TransactionEnded,
    /// An outbox could not be relayed; whatever is in it stays.
    #[error("the outbox: {cause}")]
    Outbox {
        /// Why not.
        #[source]
        cause: Cause,
    },
    /// The cache was shut down.
    #[error("the cache was shut down")]
    ShutDown,
}

fn plainly(is_plain: bool) -> &'static str {
    if is_plain { "in plain" } else { "as a secret" }
}

fn hint(similar: &Option<String>) -> String {
    similar.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Why a cached function that was called has no answer, where its error type can say so.
///
/// A function with `hard_timeout` returns a `Result` whose error is made from this; `anyhow::Error` and
/// `Box<dyn Error + Send + Sync>` are already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unanswered {
    /// The load took longer than `hard_timeout`. It goes on, where that can be, and its value is kept.
    #[error("the load did not end within {waited:?}")]
    TimedOut {
        /// How long was waited.
        waited: Duration,
    },
    /// Nothing is cached, and the call was not to load ([`Call::only_cached`](crate::Call::only_cached)).
    #[error("nothing is cached, and the call is not to load")]
    NotCached,
}

/// What a store could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store did not answer in time; whether it did what was asked is not known.
    #[error("store `{store}` did not answer within {waited:?}")]
    Timeout {
        /// The store's name.
        store: &'static str,
        /// How long it was waited for.
        waited: Duration,
    },
    /// There is no connection to the store.
    #[error("store `{store}` cannot be reached: {cause}")]
    Unreachable {
        /// The store's name.
        store: &'static str,
        /// Why not.
        #[source]
        cause: Cause,
    },
    /// The store answered with an error.
    #[error("store `{store}` refused: {cause}")]
    Refused {
        /// The store's name.
        store: &'static str,
        /// What it said.
        #[source]
        cause: Cause,
    },
    /// The primary has performed an invalidation, and too few replicas had it in time: it may be lost with the primary.
    #[error("store `{store}`: the invalidation is not on {wanted} replicas within {waited:?}")]
    NotReplicated {
        /// The store's name.
        store: &'static str,
        /// How many replicas were asked for.
        wanted: u8,
        /// How long they were waited for.
        waited: Duration,
    },
    /// It was not asked: it has failed too often just now, and its breaker is open.
    #[error("store `{store}` was not asked: its breaker is open")]
    BreakerOpen {
        /// The store's name.
        store: &'static str,
    },
    /// It was not asked: too many operations are waiting for it already.
    #[error("store `{store}` was not asked: {limit} operations are under way already")]
    TooManyInFlight {
        /// The store's name.
        store: &'static str,
        /// How many may be under way.
        limit: usize,
    },
    /// It cannot do this; stores may be without what is no part of the protocol.
    #[error("store `{store}` has no operation `{operation}`")]
    Unsupported {
        /// The store's name.
        store: &'static str,
        /// What it was asked for.
        operation: &'static str,
    },
    /// The address of the store does not parse or names something this build cannot do.
    #[error("store address: {problem}")]
    Address {
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// A file with certificates is not there or not what it should be, or this build does not speak TLS.
    #[error("store over TLS: {problem}")]
    Tls {
        /// What is wrong, with the file's path, and what would be right.
        problem: String,
    },
}

impl StoreError {
    /// Whether the same may succeed later, with nothing changed but the store's condition.
    ///
    /// ```
    /// use cache_runtime::StoreError;
    ///
    /// assert!(StoreError::BreakerOpen { store: "redis" }.is_temporary());
    /// assert!(StoreError::Refused { store: "redis", cause: "LOADING dataset in memory".into() }.is_temporary());
    /// assert!(!StoreError::Refused { store: "redis", cause: "NOPERM no permissions".into() }.is_temporary());
    /// ```
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Unreachable { .. } | Self::NotReplicated { .. } => true,
            Self::BreakerOpen { .. } | Self::TooManyInFlight { .. } => true,
            Self::Refused { cause, .. } => is_of_its_condition(&cause.to_string()),
            Self::Unsupported { .. } | Self::Address { .. } | Self::Tls { .. } => false,
        }
    }

    /// Whether the store was not even asked.
    pub(crate) fn is_skipped(&self) -> bool {
        matches!(self, Self::BreakerOpen { .. } | Self::TooManyInFlight { .. })
    }
}

/// Whether a refusal says in what condition a server is, by the codes of Redis, and not what is wrong with the request.
fn is_of_its_condition(refusal: &str) -> bool {
    const CODES: [&str; 9] =
        ["BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY", "TRYAGAIN"];
    refusal.split_whitespace().next().is_some_and(|code| CODES.contains(&code))
}

/// Why a value could not be encoded or decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The encoded value would be larger than the cache keeps.
    #[error("the encoded value is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit it passed.
        limit_bytes: usize,
    },
    /// The value has more tags and events than an entry can list.
    #[error("the entry depends on {count} tags and events, and {limit} are the most")]
    TooManyDependencies {
        /// How many.
        count: usize,
        /// How many may be.
        limit: usize,
    },
    /// The codec's own error.
    #[error("codec `{codec}`: {cause}")]
    Failed {
        /// The codec's name.
        codec: &'static str,
        /// What it said.
        #[source]
        cause: Cause,
    },
}
