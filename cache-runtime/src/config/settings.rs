//! One setting after the other: what it may say, and what it does to a builder. Where it came from is in its errors.

use super::values::{bytes, duration, memory_size, switch};
use crate::cache::{Builder, Recovery};
use crate::error::Error;
use crate::policy::{Consistency, Policy, Tiers};
use crate::registry;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a setting says, and where: a variable, or a file and a key.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) text: String,
    pub(super) from: String,
}

/// What is said of the cache, and of single functions.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) cache: BTreeMap<&'static str, Setting>,
    pub(super) functions: BTreeMap<String, BTreeMap<String, Setting>>,
}

/// What can be said of a cache: the name in a file, and the variable.
pub(super) const OF_CACHE: [(&str, &str); 12] = [
    ("redis_url", "REDIS_URL"),
    ("redis_tls_ca", "REDIS_TLS_CA"),
    ("redis_tls_cert", "REDIS_TLS_CERT"),
    ("redis_tls_key", "REDIS_TLS_KEY"),
    ("enabled", "CACHE_ENABLED"),
    ("key_prefix", "CACHE_KEY_PREFIX"),
    ("memory_size", "CACHE_MEMORY_SIZE"),
    ("default_ttl", "CACHE_DEFAULT_TTL"),
    ("max_staleness", "CACHE_MAX_STALENESS"),
    ("max_value_size", "CACHE_MAX_VALUE_SIZE"),
    ("queue_invalidations", "CACHE_QUEUE_INVALIDATIONS"),
    ("secret_key", "CACHE_SECRET_KEY"),
];

/// What can be said of a function.
pub(super) const OF_FUNCTION: [&str; 14] = [
    "ttl",
    "l1_ttl",
    "none_ttl",
    "jitter",
    "early",
    "stale_while_revalidate",
    "stale_if_error",
    "error_backoff",
    "soft_timeout",
    "hard_timeout",
    "lock",
    "consistency",
    "tiers",
    "local",
];

const A_SIZE: &str = "a size such as `256MB`, or a number of entries";
const A_DURATION: &str = "seconds, or a duration such as `5m` or `1h30m`";

impl Setting {
    /// The value, if it is one.
    fn read<T>(&self, parse: impl FnOnce(&str) -> Option<T>, expected: &str) -> Result<T, Error> {
        parse(&self.text).ok_or_else(|| self.wrong(&format!("`{}` should be {expected}", self.text)))
    }

    pub(super) fn wrong(&self, problem: &str) -> Error {
        Error::Configuration { name: self.from.clone(), problem: problem.to_owned() }
    }
}

impl Settings {
    /// The builder with all that is said but the store.
    pub(super) fn apply(&self, mut builder: Builder) -> Result<Builder, Error> {
        for (name, setting) in &self.cache {
            builder = of_cache(builder, name, setting)?;
        }
        for (function, options) in &self.functions {
            for (option, setting) in options {
                builder = builder.configure(function.clone(), of_function(option, setting)?);
            }
        }
        Ok(builder)
    }
}

fn of_cache(builder: Builder, name: &str, setting: &Setting) -> Result<Builder, Error> {
    Ok(match name {
        "enabled" => builder.enabled(setting.read(switch, "`true` or `false`")?),
        "key_prefix" => {
            // People write `prod:`; the separator comes by itself.
            let namespace = setting.text.trim_end_matches(':');
            crate::cache::check_namespace(&setting.from, namespace)?;
            builder.namespace(namespace)
        }
        "memory_size" => builder.l1(setting.read(memory_size, A_SIZE)?),
        "default_ttl" => builder.defaults(Policy::ttl(setting.read(duration, A_DURATION)?)),
        "max_staleness" => builder.max_staleness(setting.read(duration, A_DURATION)?),
        "max_value_size" => {
            let size = |text: &str| bytes(text).and_then(|bytes| usize::try_from(bytes).ok());
            builder.max_value_bytes(setting.read(size, "a size such as `32MB`")?)
        }
        // What is wrong with it is said without it, and by its own name.
        "secret_key" => builder.secret_key_from(&setting.text, &setting.from),
        "queue_invalidations" => {
            let names = |text: &str| text.trim().parse().ok();
            match setting.read(names, "a number of names; 0 is none")? {
                0 => builder,
                max_queued => builder.recovery(Recovery { max_queued, ..Recovery::default() }),
            }
        }
        _ => builder,
    })
}

fn of_function(option: &str, setting: &Setting) -> Result<Policy, Error> {
    let long = || setting.read(duration, A_DURATION).map(Some);
    let mut policy = Policy::default();
    match option {
        "ttl" => policy.ttl = long()?,
        "l1_ttl" => policy.l1_ttl = long()?,
        "none_ttl" => policy.none_ttl = long()?,
        "stale_while_revalidate" => policy.stale_while_revalidate = long()?,
        "stale_if_error" => policy.stale_if_error = long()?,
        "error_backoff" => policy.error_backoff = long()?,
        "soft_timeout" => policy.soft_timeout = long()?,
        "hard_timeout" => policy.hard_timeout = long()?,
        "lock" => policy.lock = Some(setting.read(lease, "`false`, or a duration such as `5s`")?),
        "jitter" => policy.jitter = Some(setting.read(share, "a number from 0 to 1")?),
        "early" => policy.early = Some(setting.read(factor, "a number from 0 on")?),
        "consistency" => policy.consistency = Some(setting.read(consistency, "`eventual` or `strong`")?),
        "local" => policy.local = Some(setting.read(memory_size, A_SIZE)?),
        "tiers" => policy.tiers = Some(setting.read(tiers, "`both`, `l1` or `l2`")?),
        _ => return Err(setting.wrong(&unknown(option, &OF_FUNCTION))),
    }
    Ok(policy)
}

fn lease(text: &str) -> Option<Duration> {
    if switch(text) == Some(false) { Some(Duration::ZERO) } else { duration(text) }
}

fn factor(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|factor: &f64| factor.is_finite() && *factor >= 0.0)
}

fn share(text: &str) -> Option<f64> {
    factor(text).filter(|share| *share <= 1.0)
}

fn consistency(text: &str) -> Option<Consistency> {
    match text {
        "eventual" => Some(Consistency::Eventual),
        "strong" => Some(Consistency::Strong),
        _ => None,
    }
}

fn tiers(text: &str) -> Option<Tiers> {
    match text {
        "both" => Some(Tiers::Both),
        "l1" => Some(Tiers::L1),
        "l2" => Some(Tiers::L2),
        _ => None,
    }
}

/// That nothing has this name, and what has one like it.
pub(super) fn unknown(name: &str, known: &[&str]) -> String {
    match most_like(name, known) {
        Some(similar) => format!("nothing is called `{name}` here; did you mean `{similar}`?"),
        None => format!("nothing is called `{name}` here; there are {}", listed(known)),
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(super) fn most_like<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let scored = known.iter().map(|other| (strsim::jaro_winkler(other, name), *other));
    let best = scored.max_by(|(left, _), (right, _)| left.total_cmp(right));
    best.filter(|(score, _)| *score > 0.8).map(|(_, other)| other)
}

/// The names of the program's cached functions.
pub(super) fn functions() -> Vec<String> {
    registry::functions().into_iter().map(registry::name_of).collect()
}
