//! A cache by environment variables. A value that cannot be read is an error that names its variable.

use crate::cache::{Builder, Cache, L1};
use crate::error::Error;
use crate::policy::Policy;
use crate::registry;
use crate::telemetry::Observer;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

impl Cache {
    /// A cache as the environment describes it: [`Builder::from_env`], built.
    ///
    /// # Errors
    /// As [`Builder::from_env`] and [`Builder::build`].
    pub async fn from_env() -> Result<Self, Error> {
        Builder::from_env()?.build().await
    }
}

impl Builder {
    /// A builder as the environment describes it, to be told more. An empty variable counts as an absent one.
    ///
    /// | variable | says | absent |
    /// |---|---|---|
    /// | `REDIS_URL` | the store; connected to on first use, so a service starts without it | memory only |
    /// | `CACHE_ENABLED` | `true` or `false` | `true` |
    /// | `CACHE_KEY_PREFIX` | the namespace | none |
    /// | `CACHE_MEMORY_SIZE` | `256MB`, or a number of entries | `256MB` |
    /// | `CACHE_DEFAULT_TTL` | seconds, or `5m`, `1h30m`, `250ms` | none |
    /// | `CACHE_<NAME>_TTL` | the TTL of the cached function of that name | the attribute's |
    ///
    /// # Errors
    /// If a variable is malformed, or means a cached function that this program does not have.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(std::env::vars_os().map(|(name, value)| (readable(name), readable(value))))
    }

    /// A builder as these variables describe it; see [`from_env`](Self::from_env).
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let variables = Variables::of(variables);
        with_store(variables.apply(Cache::builder())?, &variables)
    }
}

/// What is not UTF-8 is shown as well as it can be; as a value it is malformed then, and the error says so.
fn readable(text: OsString) -> String {
    text.into_string().unwrap_or_else(|raw| raw.to_string_lossy().into_owned())
}

/// The cache of a program that built none, without a store, and what is wrong with its environment and functions.
pub(crate) fn embedded(observer: impl Observer) -> (Cache, Vec<String>) {
    let variables = Variables::of(std::env::vars_os().map(|(name, value)| (readable(name), readable(value))));
    let built = variables.apply(Cache::builder()).and_then(|builder| builder.observer(observer).build_unchecked());
    let mut problems = registry::problems();
    let cache = built.unwrap_or_else(|error| {
        problems.push(format!("{error}; nothing is cached"));
        Cache::builder().enabled(false).build_unchecked().expect("the defaults are coherent")
    });
    (cache, problems)
}

struct Variables(BTreeMap<String, String>);

impl Variables {
    fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |name: &str| name == "REDIS_URL" || name.starts_with("CACHE_");
        Self(variables.into_iter().filter(|(name, value)| ours(name) && !value.is_empty()).collect())
    }

    fn apply(&self, mut builder: Builder) -> Result<Builder, Error> {
        if let Some(prefix) = self.0.get("CACHE_KEY_PREFIX") {
            // People write `prod:`; the separator comes by itself.
            let namespace = prefix.trim_end_matches(':');
            crate::cache::check_namespace("CACHE_KEY_PREFIX", namespace)?;
            builder = builder.namespace(namespace);
        }
        if let Some(size) = self.0.get("CACHE_MEMORY_SIZE") {
            let wrong = || wrong("CACHE_MEMORY_SIZE", size, "a size such as `256MB`, or a number of entries");
            builder = builder.l1(memory_size(size).ok_or_else(wrong)?);
        }
        builder = builder.enabled(self.enabled()?);
        for (name, value) in self.0.iter().filter(|(name, _)| name.ends_with("_TTL")) {
            let ttl =
                duration(value).ok_or_else(|| wrong(name, value, "seconds, or a duration such as `5m` or `1h30m`"))?;
            builder = match name.as_str() {
                "CACHE_DEFAULT_TTL" => builder.defaults(Policy::ttl(ttl)),
                _ => builder.configure(function_named(name)?, Policy::ttl(ttl)),
            };
        }
        Ok(builder)
    }

    fn enabled(&self) -> Result<bool, Error> {
        match self.0.get("CACHE_ENABLED").map(|value| (value.to_ascii_lowercase(), value)) {
            None => Ok(true),
            Some((lower, _)) if matches!(lower.as_str(), "true" | "1" | "on" | "yes") => Ok(true),
            Some((lower, _)) if matches!(lower.as_str(), "false" | "0" | "off" | "no") => Ok(false),
            Some((_, value)) => Err(wrong("CACHE_ENABLED", value, "`true` or `false`")),
        }
    }
}

#[cfg(feature = "redis")]
fn with_store(builder: Builder, variables: &Variables) -> Result<Builder, Error> {
    let Some(url) = variables.0.get("REDIS_URL") else { return Ok(builder) };
    let store = crate::store::redis::RedisStore::lazy(url);
    let store = store.map_err(|error| Error::Configuration { name: "REDIS_URL".into(), problem: error.to_string() })?;
    Ok(builder.store(store))
}

#[cfg(not(feature = "redis"))]
fn with_store(builder: Builder, variables: &Variables) -> Result<Builder, Error> {
    match variables.0.get("REDIS_URL") {
        None => Ok(builder),
        Some(_) => Err(Error::Configuration {
            name: "REDIS_URL".into(),
            problem: "this build has no Redis; enable the feature `redis`".into(),
        }),
    }
}

/// The cached function that `CACHE_<NAME>_TTL` means.
fn function_named(variable: &str) -> Result<String, Error> {
    let wanted = variable.trim_start_matches("CACHE_").trim_end_matches("_TTL");
    let shouted = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_uppercase();
    let names: Vec<String> = registry::functions().into_iter().map(registry::name_of).collect();
    if let Some(name) = names.iter().find(|name| shouted(name) == wanted) {
        return Ok(name.clone());
    }
    let scored = names.iter().map(|name| (strsim::jaro_winkler(&shouted(name), wanted), name));
    let best = scored.max_by(|(left, _), (right, _)| left.total_cmp(right)).filter(|(score, _)| *score > 0.8);
    let hint = best.map(|(_, name)| format!("; did you mean `CACHE_{}_TTL`?", shouted(name))).unwrap_or_default();
    Err(Error::Configuration { name: variable.to_owned(), problem: format!("no cached function has this name{hint}") })
}

fn wrong(name: &str, value: &str, expected: &str) -> Error {
    Error::Configuration { name: name.to_owned(), problem: format!("`{value}` should be {expected}") }
}

/// `256MB`, `1 GiB`, or a number of entries.
fn memory_size(text: &str) -> Option<L1> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" => return Some(L1::max_entries(number)),
        "b" => 1,
        "kb" | "kib" => 1 << 10,
        "mb" | "mib" => 1 << 20,
        "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit).map(L1::max_bytes)
}

/// Whole seconds, or numbers with units from days to milliseconds, the larger first; never zero.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return (seconds > 0).then(|| Duration::from_secs(seconds));
    }
    let (mut left, mut total_ms, mut last_unit_ms) = (text, 0_u64, u64::MAX);
    while !left.is_empty() {
        let digits = left.find(|c: char| !c.is_ascii_digit())?;
        let letters = left[digits..].find(|c: char| c.is_ascii_digit()).map_or(left.len(), |at| digits + at);
        let unit_ms = match &left[digits..letters] {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return None,
        };
        let number: u64 = left[..digits].parse().ok()?;
        if unit_ms >= last_unit_ms {
            return None;
        }
        total_ms = total_ms.checked_add(number.checked_mul(unit_ms)?)?;
        (left, last_unit_ms) = (&left[letters..], unit_ms);
    }
    (total_ms > 0).then(|| Duration::from_millis(total_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(duration("300"), Some(Duration::from_secs(300)));
        assert_eq!(duration("1h30m"), Some(Duration::from_secs(5_400)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["", "0", "5x", "-1", "m", "5m1h", "1.5h", "999999999999999999d"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_bytes_with_a_unit_and_entries_without() {
        assert_eq!(memory_size("256MB"), Some(L1::max_bytes(256 << 20)));
        assert_eq!(memory_size("1 GiB"), Some(L1::max_bytes(1 << 30)));
        assert_eq!(memory_size("10000"), Some(L1::max_entries(10_000)));
        for wrong in ["", "MB", "12XB", "-1", "1.5GB", "99999999999GB"] {
            assert_eq!(memory_size(wrong), None, "{wrong}");
        }
    }
}
