//! A cache by a file and by environment variables. What cannot be read is an error that names where it stands.
//!
//! One precedence: code over the environment, the environment over the file.

#[cfg(feature = "toml")]
mod file;
mod settings;
mod values;

use crate::cache::{Builder, Cache};
use crate::error::Error;
#[cfg(feature = "redis")]
use crate::error::StoreError;
use crate::registry;
#[cfg(feature = "redis")]
use crate::store::redis::RedisStore;
#[cfg(feature = "tls")]
use crate::store::redis::Tls;
use crate::telemetry::Observer;
use settings::{OF_CACHE, Setting, Settings, functions, most_like};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// The variable that names the file.
const FILE: &str = "CACHE_CONFIG";

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
    /// | `CACHE_CONFIG` | a TOML file that says the same, under what variables say (feature `toml`) | none |
    /// | `REDIS_URL` | the store; connected to on first use, so a service starts without it | memory only |
    /// | `REDIS_TLS_CA` | a file: whom to trust over TLS (feature `tls`), with `rediss://` | the system's authorities |
    /// | `REDIS_TLS_CERT`, `REDIS_TLS_KEY` | files: who we are over TLS | nobody |
    /// | `CACHE_ENABLED` | `true` or `false` | `true` |
    /// | `CACHE_KEY_PREFIX` | the namespace | none |
    /// | `CACHE_MEMORY_SIZE` | `256MB`, or a number of entries | `256MB` |
    /// | `CACHE_DEFAULT_TTL` | seconds, or `5m`, `1h30m`, `250ms` | none |
    /// | `CACHE_MAX_STALENESS` | the same: [`max_staleness`](Self::max_staleness) | `1s` |
    /// | `CACHE_MAX_VALUE_SIZE` | `32MB`: [`max_value_bytes`](Self::max_value_bytes) | `32MB` |
    /// | `CACHE_QUEUE_INVALIDATIONS` | how many names may wait for the store: [`recovery`](Self::recovery) | none |
    /// | `CACHE_SECRET_KEY` | the key of what is `#[key(secret)]`, at least 16 bytes: [`secret_key`](Self::secret_key) | random, which a store refuses |
    /// | `CACHE_<NAME>_TTL` | the TTL of the cached function of that name | the attribute's |
    ///
    /// # Errors
    /// If a variable is malformed, or means a cached function that this program does not have; and as
    /// [`from_file`](Self::from_file).
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(environment())
    }

    /// A builder as these variables describe it; see [`from_env`](Self::from_env).
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let settings = Settings::of(variables)?;
        with_store(settings.apply(Cache::builder())?, &settings)
    }

    /// A builder as a TOML file describes it, with what the environment says over it; the same as `CACHE_CONFIG` with
    /// that path. See `docs/reference/environment.md` for the keys.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::Builder;
    ///
    /// // redis_url = "redis://localhost"
    /// // default_ttl = "5m"
    /// // [functions.guild_members]
    /// // ttl = "1h"
    /// Builder::from_file("cache.toml")?.build().await?.install();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If it cannot be read, is no TOML, or has a key that is unknown or malformed; and as [`from_env`](Self::from_env).
    #[cfg(feature = "toml")]
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_string_lossy().into_owned();
        let others = environment().filter(|(name, _)| name != FILE);
        Self::from_variables(others.chain([(FILE.to_owned(), path)]))
    }
}

fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| (readable(name), readable(value)))
}

/// What is not UTF-8 is shown as well as it can be; as a value it is malformed then, and the error says so.
fn readable(text: OsString) -> String {
    text.into_string().unwrap_or_else(|raw| raw.to_string_lossy().into_owned())
}

/// The cache of a program that built none, without a store, and what is wrong with its environment and functions.
pub(crate) fn embedded(observer: impl Observer) -> (Cache, Vec<String>) {
    let settings = Settings::of(environment());
    let builder = settings.and_then(|settings| settings.apply(Cache::builder()));
    let built = builder.and_then(|builder| builder.observer(observer).build_unchecked());
    let mut problems = registry::problems();
    let cache = built.unwrap_or_else(|error| {
        problems.push(format!("{error}; nothing is cached"));
        Cache::builder().enabled(false).build_unchecked().expect("the defaults are coherent")
    });
    (cache, problems)
}

impl Settings {
    /// What variables say, over the file that they name.
    fn of(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let ours = |name: &str| name.starts_with("CACHE_") || OF_CACHE.iter().any(|(_, variable)| *variable == name);
        let variables: BTreeMap<String, String> =
            variables.into_iter().filter(|(name, value)| ours(name) && !value.is_empty()).collect();
        let mut settings = variables.get(FILE).map_or_else(|| Ok(Self::default()), |path| of_file(Path::new(path)))?;
        for (name, text) in variables {
            let setting = Setting { text, from: name.clone() };
            match OF_CACHE.iter().find(|(_, variable)| *variable == name) {
                Some((key, _)) => drop(settings.cache.insert(key, setting)),
                None if name.ends_with("_TTL") => {
                    let function = function_named(&name)?;
                    settings.functions.entry(function).or_default().insert("ttl".to_owned(), setting);
                }
                // Others may have variables of that beginning.
                None => {}
            }
        }
        Ok(settings)
    }
}

#[cfg(feature = "toml")]
fn of_file(path: &Path) -> Result<Settings, Error> {
    file::read(path)
}

#[cfg(not(feature = "toml"))]
fn of_file(_path: &Path) -> Result<Settings, Error> {
    let problem = "this build reads no files; enable the feature `toml`".into();
    Err(Error::Configuration { name: FILE.into(), problem })
}

#[cfg(feature = "redis")]
fn with_store(builder: Builder, settings: &Settings) -> Result<Builder, Error> {
    let Some(url) = settings.cache.get("redis_url") else { return Ok(builder) };
    let store = store_at(&url.text, settings)?;
    Ok(builder.store(store.map_err(|error| url.wrong(&error.to_string()))?))
}

#[cfg(feature = "tls")]
fn store_at(url: &str, settings: &Settings) -> Result<Result<RedisStore, StoreError>, Error> {
    let said = |name| settings.cache.get(name);
    let tls = said("redis_tls_ca").map_or_else(Tls::new, |ca| Tls::new().ca_file(ca.text.as_str()));
    let tls = match (said("redis_tls_cert"), said("redis_tls_key")) {
        (Some(certificate), Some(key)) => tls.client_files(certificate.text.as_str(), key.text.as_str()),
        (Some(alone), None) => {
            return Err(alone.wrong("it has no key; say `redis_tls_key`, or `REDIS_TLS_KEY`, as well"));
        }
        (None, Some(alone)) => {
            return Err(alone.wrong("it has no certificate; say `redis_tls_cert`, or `REDIS_TLS_CERT`, as well"));
        }
        (None, None) if said("redis_tls_ca").is_none() => return Ok(RedisStore::lazy(url)),
        (None, None) => tls,
    };
    Ok(RedisStore::lazy_with_tls(url, &tls))
}

#[cfg(all(feature = "redis", not(feature = "tls")))]
fn store_at(url: &str, settings: &Settings) -> Result<Result<RedisStore, StoreError>, Error> {
    match ["redis_tls_ca", "redis_tls_cert", "redis_tls_key"].into_iter().find_map(|name| settings.cache.get(name)) {
        Some(file) => Err(file.wrong("this build does not speak TLS; enable the feature `tls`")),
        None => Ok(RedisStore::lazy(url)),
    }
}

#[cfg(not(feature = "redis"))]
fn with_store(builder: Builder, settings: &Settings) -> Result<Builder, Error> {
    match settings.cache.get("redis_url") {
        None => Ok(builder),
        Some(url) => Err(url.wrong("this build has no Redis; enable the feature `redis`")),
    }
}

/// The cached function that `CACHE_<NAME>_TTL` means.
fn function_named(variable: &str) -> Result<String, Error> {
    let wanted = variable.trim_start_matches("CACHE_").trim_end_matches("_TTL");
    let names = functions();
    let shouted: Vec<String> = names.iter().map(|name| shouted(name)).collect();
    if let Some(at) = shouted.iter().position(|name| name == wanted) {
        return Ok(names[at].clone());
    }
    let known: Vec<&str> = shouted.iter().map(String::as_str).collect();
    let hint = most_like(wanted, &known).map(|name| format!("; did you mean `CACHE_{name}_TTL`?")).unwrap_or_default();
    Err(Error::Configuration { name: variable.to_owned(), problem: format!("no cached function has this name{hint}") })
}

fn shouted(name: &str) -> String {
    name.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_uppercase()
}
