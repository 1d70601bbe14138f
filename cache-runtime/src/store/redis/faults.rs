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

/// What a command within a script was refused with. Before Redis 7 that is wrapped in an error of the script, whose code
/// says nothing: a primary that has become a replica would not be told from one whose script is wrong.
pub(super) fn of_command(error: RedisError) -> RedisError {
    let is_wrapped = error.code().is_some_and(|code| code == "ERR");
    let said = error.detail().filter(|said| is_wrapped && said.starts_with("Error running script"));
    let Some((_, refusal)) = said.and_then(|said| said.split_once(": -")) else { return error };
    let answer = redis::parse_redis_value(format!("-{refusal}\r\n").as_bytes());
    answer.and_then(redis::Value::extract_error).err().unwrap_or(error)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As Redis 6.2 answers, and as 7.0 does.
    #[test]
    fn what_a_command_within_a_script_is_refused_with_is_told_by_its_code() {
        let answer = |said: &str| {
            let answer = redis::parse_redis_value(format!("-{said}\r\n").as_bytes());
            answer.and_then(redis::Value::extract_error).expect_err("it is an error")
        };
        let wrapped = |said: &str| {
            let script = "ERR Error running script (call to f_7602d28695a4af9cd51304a4bb2b9766aba66790)";
            of_command(answer(&format!("{script}: @user_script:40: @user_script: 40: -{said}")))
        };
        let demoted = wrapped("READONLY You can't write against a read only replica.");
        assert_eq!((remedy(&demoted), ends_connection(&demoted)), (Remedy::Again, true));
        for code in ["NOREPLICAS", "OOM"] {
            assert!(told(&wrapped(&format!("{code} and so on")), "", None).is_temporary(), "{code}");
        }
        let of_lua = "ERR Error running script (call to f_7602): @user_script:1: attempt to index a nil value";
        assert_eq!(of_command(answer(of_lua)).to_string(), answer(of_lua).to_string());
        let plain = answer("READONLY You can't write against a read only replica. script: f_7602, on @user_script:1.");
        assert_eq!(remedy(&of_command(plain)), Remedy::Again);
    }
}
