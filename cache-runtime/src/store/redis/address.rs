//! What an address of a server may say. Its errors never repeat it, for it may hold a password.

use super::slots;
use crate::error::StoreError;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use std::fmt;

/// Schemes of servers that a later version may reach.
const LATER: [&str; 4] = ["rediss", "rediss+cluster", "rediss+sentinel", "valkeys"];
const KNOWN: [&str; 5] = ["redis", "valkey", "unix", "redis+unix", "valkey+unix"];
const CLUSTER: [&str; 3] = ["redis+cluster", "redis-cluster", "valkey+cluster"];
const SENTINEL: [&str; 3] = ["redis+sentinel", "redis-sentinel", "valkey+sentinel"];

/// What an address leads to.
pub(super) enum Address {
    One(ConnectionInfo),
    /// Some nodes of a cluster, and how all of them let us in.
    Cluster {
        settings: ConnectionInfo,
        seeds: Vec<slots::Address>,
    },
    /// Sentinels, what they call the primary, and how that lets us in.
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        primary: String,
        settings: ConnectionInfo,
    },
}

impl Address {
    pub(super) fn settings(&self) -> &ConnectionInfo {
        match self {
            Self::One(settings) | Self::Cluster { settings, .. } | Self::Sentinel { settings, .. } => settings,
        }
    }
}

/// Without user and password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |of: &mut dyn Iterator<Item = String>| of.collect::<Vec<_>>().join(",");
        match self {
            Self::One(info) => write!(f, "{}", info.addr()),
            Self::Cluster { seeds, .. } => {
                f.write_str(&list(&mut seeds.iter().map(|(host, port)| format!("{host}:{port}"))))
            }
            Self::Sentinel { sentinels, primary, .. } => {
                write!(f, "{}/{primary}", list(&mut sentinels.iter().map(|info| info.addr().to_string())))
            }
        }
    }
}

pub(super) fn parse(url: &str) -> Result<Address, StoreError> {
    let url = url.trim();
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let scheme = scheme.to_ascii_lowercase();
    let is_one_of = |schemes: &[&str]| schemes.contains(&scheme.as_str());
    if is_one_of(&LATER) {
        return Err(wrong(format!(
            "`{scheme}://` is not supported by this version; it reaches servers without TLS, by `redis://`, `unix://`, \
             `redis+cluster://` or `redis+sentinel://`"
        )));
    }
    let has_many = is_one_of(&CLUSTER) || is_one_of(&SENTINEL);
    if !has_many && !is_one_of(&KNOWN) {
        return Err(wrong(
            "it begins with none of `redis://`, `unix://`, `redis+unix://`, `redis+cluster://` and \
             `redis+sentinel://`; write `redis://host:6379`"
                .into(),
        ));
    }
    if splits_a_password(&scheme, rest) {
        return Err(wrong(
            "a `/`, `?`, `#` or `@` in the user or password has to be written as `%2F`, `%3F`, `%23` or `%40`".into(),
        ));
    }
    if !has_many {
        return Ok(Address::One(reachable(info(url)?)?));
    }
    let many = Many::of(rest).ok_or_else(|| wrong("it does not parse".into()))?;
    if is_one_of(&CLUSTER) { many.cluster() } else { many.sentinel() }
}

/// The parts of an address with several hosts.
struct Many<'a> {
    /// User and password with their `@`, or nothing.
    user: &'a str,
    hosts: Vec<&'a str>,
    path: &'a str,
    /// With its question mark, or nothing.
    query: &'a str,
}

impl<'a> Many<'a> {
    fn of(rest: &'a str) -> Option<Self> {
        let rest = rest.strip_prefix("//")?;
        let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let hosts: Vec<&str> = hosts.split(',').collect();
        Some(Self { user, hosts, path, query }).filter(|many| many.hosts.iter().all(|host| !host.is_empty()))
    }

    fn cluster(self) -> Result<Address, StoreError> {
        if !["", "0"].contains(&self.path.trim_end_matches('/')) {
            return Err(wrong("a cluster has no database but 0".into()));
        }
        let info_of = |host: &&str| info(&format!("redis://{}{host}/{}", self.user, self.query));
        let infos = self.hosts.iter().map(info_of).collect::<Result<Vec<_>, _>>()?;
        let settings = infos.first().cloned().ok_or_else(|| wrong("it names no host".into()))?;
        let host_of = |info: &ConnectionInfo| match info.addr() {
            ConnectionAddr::Tcp(host, port) => Some((host.clone(), *port)),
            _ => None,
        };
        Ok(Address::Cluster { settings, seeds: infos.iter().filter_map(host_of).collect() })
    }

    fn sentinel(self) -> Result<Address, StoreError> {
        let (primary, db) = self.path.split_once('/').unwrap_or((self.path, ""));
        if primary.is_empty() {
            return Err(wrong("it does not name the primary; write `redis+sentinel://host:26379/name`".into()));
        }
        let port_of =
            |host: &str| if host.rsplit(']').next().is_some_and(|end| end.contains(':')) { "" } else { ":26379" };
        let info_of = |host: &&str| info(&format!("redis://{host}{}", port_of(host)));
        Ok(Address::Sentinel {
            sentinels: self.hosts.iter().map(info_of).collect::<Result<_, _>>()?,
            primary: primary.to_owned(),
            settings: info(&format!("redis://{}localhost/{db}{}", self.user, self.query))?,
        })
    }
}

fn info(url: &str) -> Result<ConnectionInfo, StoreError> {
    // The cause of a failed parse is a sentence of the redis crate's own, without the address.
    url.into_connection_info().map_err(|error| match error.detail() {
        None => wrong(format!("it does not parse ({})", sentence(&error.to_string()))),
        Some(_) => wrong("it does not parse".into()),
    })
}

/// Whether the address would be read with a part of its password as host, path or fragment, and be shown as such.
fn splits_a_password(scheme: &str, rest: &str) -> bool {
    let authority_end = rest.trim_start_matches('/').find(['/', '?', '#']);
    let after = authority_end.map_or("", |at| &rest.trim_start_matches('/')[at..]);
    !scheme.contains("unix") && (after.contains('@') || after.contains('#'))
}

pub(super) fn reachable(info: ConnectionInfo) -> Result<ConnectionInfo, StoreError> {
    match info.addr() {
        ConnectionAddr::Tcp(host, _) if host.contains(',') => {
            Err(wrong("it names several hosts: write `redis+cluster://` or `redis+sentinel://`".into()))
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
