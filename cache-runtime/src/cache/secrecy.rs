//! The key of secrets: whose it is, and that there is one where others need the same.

use crate::error::Error;
use crate::key::secret::{MIN_KEY_BYTES, Refused, has_key, use_key};
use crate::registry;
use crate::store::Store;

/// The key of secrets, and what it is called where it came from.
pub(super) struct SecretKey {
    pub(super) key: Vec<u8>,
    pub(super) from: String,
}

/// Makes a key the process's, or finds that none is needed.
pub(super) fn settle(key: Option<&SecretKey>, store: Option<&dyn Store>) -> Result<(), Error> {
    match key {
        Some(SecretKey { key, from }) => take(key, from),
        None => do_without(store),
    }
}

fn take(key: &[u8], from: &str) -> Result<(), Error> {
    let problem = match use_key(key) {
        Ok(()) => return Ok(()),
        Err(Refused::TooShort) => {
            format!("a key that keeps secrets has at least {MIN_KEY_BYTES} bytes, and this one {}", key.len())
        }
        Err(Refused::Another) => {
            "this process uses another key already: give all its caches the same, and build the first \
                                  before a secret is used"
                .to_owned()
        }
    };
    Err(Error::Configuration { name: from.to_owned(), problem })
}

/// A store in this process's memory is as good with a key that nobody else has.
fn do_without(store: Option<&dyn Store>) -> Result<(), Error> {
    let is_shared = store.is_some_and(|store| store.name() != "memory");
    match registry::a_secret() {
        Some(secret) if is_shared && !has_key() => {
            let problem = format!(
                "{} ({}:{}) is secret in keys, and a store that other processes share needs one key for all of them: give it \
                 to `Builder::secret_key`, or in `CACHE_SECRET_KEY`",
                secret.of, secret.file, secret.line
            );
            Err(Error::Configuration { name: "secret_key".to_owned(), problem })
        }
        _ => Ok(()),
    }
}
