//! What an error of a server means for the connection, for the route, and for the caller.

use super::NAME;
use crate::error::StoreError;
use redis::{ErrorKind, RedisError, ServerErrorKind};
use std::time::Duration;

/// What becomes of an operation that a server refused, none of it performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// It is asked again at once: on a new connection, or of the server that the map names by now.
    Again,
    /// Another server has the slot, and this one says which.
    Follow,
    /// The slot is being moved.
    ///
    /// A key that is absent here may not have come yet or may have gone already. Most scripts name keys that are rightly
    /// absent, so that neither side serves them before the move is over; and one that did could begin a second history.
    /// Therefore `ASK` is waited out, as `TRYAGAIN` is, and never followed.
    Wait,
    /// It is told to the caller, and the map is drawn anew before the next operation.
    Survey,
    /// It is told to the caller.
    Tell,
}

pub(super) fn remedy(error: &RedisError) -> Remedy {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved) => Remedy::Follow,
        ErrorKind::Server(ServerErrorKind::Ask | ServerErrorKind::TryAgain) => Remedy::Wait,
        ErrorKind::Server(ServerErrorKind::ReadOnly) => Remedy::Again,
        ErrorKind::Server(
            ServerErrorKind::ClusterDown | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading,
        ) => Remedy::Survey,
        _ if is_foreign(error) => Remedy::Again,
        _ if error.is_io_error() || error.is_unrecoverable_error() => Remedy::Survey,
        _ => Remedy::Tell,
    }
}

/// Whether the connection is of no more use: broken, out of step, or to a server that has become a replica.
pub(super) fn ends_connection(error: &RedisError) -> bool {
    let demoted =
        [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown].map(ErrorKind::Server).contains(&error.kind());
    error.is_io_error() || error.is_unrecoverable_error() || demoted || is_foreign(error)
}

/// The code of an answer that another incarnation of the server has written the history than the connection knows.
const FOREIGN: &str = "FOREIGN";

pub(super) fn is_foreign(error: &RedisError) -> bool {
    error.code() == Some(FOREIGN)
}

pub(super) fn foreign() -> RedisError {
    redis::make_extension_error(
        FOREIGN.into(),
        Some("the history was written by another incarnation of the server".into()),
    )
}

pub(super) fn no_answer(waited: Duration) -> RedisError {
    std::io::Error::new(std::io::ErrorKind::TimedOut, format!("no answer within {waited:?}")).into()
}

/// The code of an invalidation that not enough replicas have.
const TOO_FEW: &str = "TOOFEW";

pub(super) fn too_few(wanted: u8, waited_ms: u64) -> RedisError {
    redis::make_extension_error(TOO_FEW.into(), Some(format!("{wanted} {waited_ms}")))
}

fn not_replicated(error: &RedisError) -> Option<StoreError> {
    let (wanted, waited_ms) = error.detail().filter(|_| error.code() == Some(TOO_FEW))?.split_once(' ')?;
    let waited = Duration::from_millis(waited_ms.parse().ok()?);
    Some(StoreError::NotReplicated { store: NAME, wanted: wanted.parse().ok()?, waited })
}

/// The error as the caller is told of it, without the password.
pub(super) fn told(error: &RedisError, address: &str, password: Option<&str>) -> StoreError {
    let mut said = match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    };
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        said = said.replace(password, "***");
    }
    if error.kind() == ErrorKind::Server(ServerErrorKind::Moved) {
        said.push_str(" (a node of a cluster is reached by `redis+cluster://`)");
    }
    if let Some(error) = not_replicated(error) {
        return error;
    }
    // An answer that breaks off in the middle does not parse: it may have been performed.
    if error.is_io_error() || is_no_answer(error.kind()) {
        return StoreError::Unreachable { store: NAME, cause: format!("{address}: {said}").into() };
    }
    StoreError::Refused { store: NAME, cause: said.into() }
}

/// Whether no server has answered, for all that was read.
fn is_no_answer(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Parse | ErrorKind::ClusterConnectionNotFound | ErrorKind::MasterNameNotFoundBySentinel)
}
