//! What an address of a server may say. Its errors never repeat it, for it may hold a password.

use crate::error::StoreError;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

/// Schemes of servers that a later version may reach.
const LATER: [&str; 7] =
    ["redis+cluster", "redis+sentinel", "rediss", "rediss+cluster", "rediss+sentinel", "redis-cluster", "valkeys"];
const KNOWN: [&str; 5] = ["redis", "valkey", "unix", "redis+unix", "valkey+unix"];

pub(super) fn parse(url: &str) -> Result<ConnectionInfo, StoreError> {
    let url = url.trim();
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let scheme = scheme.to_ascii_lowercase();
    if LATER.contains(&scheme.as_str()) {
        return Err(wrong(format!(
            "`{scheme}://` is not supported by this version; it reaches one server, by `redis://` or `unix://`"
        )));
    }
    if !KNOWN.contains(&scheme.as_str()) {
        return Err(wrong(
            "it begins with none of `redis://`, `unix://` and `redis+unix://`; write `redis://host:6379`".into(),
        ));
    }
    if splits_a_password(&scheme, rest) {
        return Err(wrong(
            "a `/`, `?`, `#` or `@` in the user or password has to be written as `%2F`, `%3F`, `%23` or `%40`".into(),
        ));
    }
    // The cause of a failed parse is a sentence of the redis crate's own, without the address.
    let parsed = url.into_connection_info().map_err(|error| match error.detail() {
        None => wrong(format!("it does not parse ({})", sentence(&error.to_string()))),
        Some(_) => wrong("it does not parse".into()),
    })?;
    reachable(parsed)
}

/// Whether the address would be read with a part of its password as host, path or fragment, and be shown as such.
fn splits_a_password(scheme: &str, rest: &str) -> bool {
    let authority_end = rest.trim_start_matches('/').find(['/', '?', '#']);
    let after = authority_end.map_or("", |at| &rest.trim_start_matches('/')[at..]);
    !scheme.contains("unix") && (after.contains('@') || after.contains('#'))
}

fn reachable(info: ConnectionInfo) -> Result<ConnectionInfo, StoreError> {
    match info.addr() {
        ConnectionAddr::Tcp(host, _) if host.contains(',') => {
            Err(wrong("it names several hosts, which is not supported by this version".into()))
        }
        ConnectionAddr::Tcp(..) => Ok(info),
        ConnectionAddr::Unix(_) if cfg!(unix) => Ok(info),
        _ => Err(wrong("it is not supported by this version".into())),
    }
}

/// The first part of a redis error's text, as a sentence of ours.
fn sentence(text: &str) -> String {
    let mut letters = text.split(" - ").next().unwrap_or_default().chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn wrong(problem: String) -> StoreError {
    StoreError::Address { problem }
}
