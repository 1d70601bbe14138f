//! What an address of a server may say. Its errors never repeat it, for it may hold a password.

use super::reach::Reach;
use super::slots;
use super::tls::{Connector, Tls};
use crate::error::StoreError;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use std::fmt;

/// What is reached over TLS, and how it is called without.
const SECURE: [(&str, &str); 6] = [
    ("rediss", "redis"),
    ("valkeys", "valkey"),
    ("rediss+cluster", "redis+cluster"),
    ("valkeys+cluster", "valkey+cluster"),
    ("rediss+sentinel", "redis+sentinel"),
    ("valkeys+sentinel", "valkey+sentinel"),
];
const KNOWN: [&str; 5] = ["redis", "valkey", "unix", "redis+unix", "valkey+unix"];
const CLUSTER: [&str; 3] = ["redis+cluster", "redis-cluster", "valkey+cluster"];
const SENTINEL: [&str; 3] = ["redis+sentinel", "redis-sentinel", "valkey+sentinel"];

/// What an address leads to.
pub(super) enum Address {
    One(Reach),
    /// Some nodes of a cluster, and how all of them let us in.
    Cluster {
        settings: Reach,
        seeds: Vec<slots::Address>,
    },
    /// Sentinels, what they call the primary, and how that lets us in.
    Sentinel {
        sentinels: Vec<Reach>,
        primary: String,
        settings: Reach,
    },
}

impl Address {
    pub(super) fn settings(&self) -> &Reach {
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
            Self::One(reach) => write!(f, "{}", reach.info.addr()),
            Self::Cluster { seeds, .. } => {
                f.write_str(&list(&mut seeds.iter().map(|(host, port)| format!("{host}:{port}"))))
            }
            Self::Sentinel { sentinels, primary, .. } => {
                write!(f, "{}/{primary}", list(&mut sentinels.iter().map(|reach| reach.info.addr().to_string())))
            }
        }
    }
}

/// With certificates, if there are any, the address has to be one of TLS; without, it may be.
pub(super) fn parse(url: &str, certificates: Option<&Tls>) -> Result<Address, StoreError> {
    let url = url.trim();
    let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
    let scheme = scheme.to_ascii_lowercase();
    let secure = SECURE.iter().find(|(secure, _)| *secure == scheme);
    let scheme = secure.map_or(scheme.as_str(), |(_, plain)| plain);
    let has_many = CLUSTER.contains(&scheme) || SENTINEL.contains(&scheme);
    if !has_many && !KNOWN.contains(&scheme) {
        return Err(wrong(
            "it begins with none of `redis://`, `rediss://`, `unix://`, `redis+unix://`, `redis+cluster://` and \
             `redis+sentinel://`; write `redis://host:6379`"
                .into(),
        ));
    }
    if secure.is_none() && certificates.is_some() {
        return Err(wrong("certificates are given for it, and it is not encrypted; write `rediss://`".into()));
    }
    if splits_a_password(scheme, rest) {
        return Err(wrong(
            "a `/`, `?`, `#` or `@` in the user or password has to be written as `%2F`, `%3F`, `%23` or `%40`".into(),
        ));
    }
    let tls = secure.map(|_| Connector::of(certificates)).transpose()?;
    if !has_many {
        return Ok(Address::One(Reach { info: reachable(info(&format!("{scheme}:{rest}"))?)?, tls }));
    }
    let many = Many::of(rest).ok_or_else(|| wrong("it does not parse".into()))?;
    if CLUSTER.contains(&scheme) { many.cluster(tls) } else { many.sentinel(tls) }
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

    fn cluster(self, tls: Option<Connector>) -> Result<Address, StoreError> {
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
        let seeds = infos.iter().filter_map(host_of).collect();
        Ok(Address::Cluster { settings: Reach { info: settings, tls }, seeds })
    }

    fn sentinel(self, tls: Option<Connector>) -> Result<Address, StoreError> {
        let (primary, db) = self.path.split_once('/').unwrap_or((self.path, ""));
        if primary.is_empty() {
            return Err(wrong("it does not name the primary; write `redis+sentinel://host:26379/name`".into()));
        }
        let port_of =
            |host: &str| if host.rsplit(']').next().is_some_and(|end| end.contains(':')) { "" } else { ":26379" };
        let reach = |info: ConnectionInfo| Reach { info, tls: tls.clone() };
        let sentinel_of = |host: &&str| info(&format!("redis://{host}{}", port_of(host))).map(reach);
        Ok(Address::Sentinel {
            sentinels: self.hosts.iter().map(sentinel_of).collect::<Result<_, _>>()?,
            primary: primary.to_owned(),
            settings: reach(info(&format!("redis://{}localhost/{db}{}", self.user, self.query))?),
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

/// The server that a client is made for.
pub(super) fn of_client(info: ConnectionInfo) -> Result<Address, StoreError> {
    let ConnectionAddr::TcpTls { host, port, insecure, tls_params, .. } = info.addr() else {
        return Ok(Address::One(Reach { info: reachable(info)?, tls: None }));
    };
    if *insecure || tls_params.is_some() {
        return Err(wrong(
            "the client's certificates cannot be taken over; write the address, and use `RedisStore::lazy_with_tls`"
                .into(),
        ));
    }
    let plain = ConnectionAddr::Tcp(host.clone(), *port);
    Ok(Address::One(Reach { info: reachable(info.set_addr(plain))?, tls: Some(Connector::of(None)?) }))
}

fn reachable(info: ConnectionInfo) -> Result<ConnectionInfo, StoreError> {
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
