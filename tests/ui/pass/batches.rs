//! Batches as repositories have them, silent under the strictest lints.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A user.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct User {
    /// Which.
    pub id: u64,
}

impl User {
    /// Which.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }
}

/// The application's result.
pub type AppResult<T> = Result<T, std::io::Error>;

/// By a slice.
///
/// # Errors
/// Never.
#[cached(key = "user:<id>", ttl = 60, batch(id = ids))]
pub async fn by_slice(ids: &[u64]) -> AppResult<HashMap<u64, User>> {
    Ok(ids.iter().map(|id| (*id, User { id: *id })).collect())
}

/// By a list, changed in the body.
#[cached(key = "user:<id>", ttl = 60, batch(id = ids, by = User::id))]
pub async fn by_list(mut ids: Vec<u64>) -> Vec<User> {
    ids.sort_unstable();
    ids.into_iter().map(|id| User { id }).collect()
}

/// By a reference to a list.
#[cached(key = "shared:<id>", ttl = 60, batch(id = ids, by = User::id))]
#[allow(clippy::ptr_arg)]
pub async fn by_reference(ids: &Vec<u64>) -> Vec<Arc<User>> {
    ids.iter().map(|id| Arc::new(User { id: *id })).collect()
}

/// By a set, of another parameter's.
#[cached(key = "guild:<guild_id>:user:<id>", ttl = 60, batch(id = ids))]
pub async fn by_set(guild_id: u64, ids: BTreeSet<u64>) -> BTreeMap<u64, Option<User>> {
    ids.into_iter().map(|id| (id, (id > guild_id).then_some(User { id }))).collect()
}

/// By whatever gives ids.
#[cached(key = "user:<id>", ttl = 60, batch(id = ids))]
pub async fn by_iterator(ids: impl IntoIterator<Item = u64> + Send) -> HashMap<u64, User> {
    ids.into_iter().map(|id| (id, User { id })).collect()
}

/// A repository.
pub struct Users<D> {
    tenant: u64,
    db: D,
}

impl<D: Fn(u64) -> u64 + Sync> Users<D> {
    /// By names.
    ///
    /// # Errors
    /// Never.
    #[cached(key = "tenant:<self.tenant>:<name>", ttl = 60, batch(name = names))]
    pub async fn by_names(&self, names: &[&str]) -> AppResult<HashMap<String, Result<User, String>>> {
        let user = |name: &&str| ((*name).to_owned(), Ok(User { id: (self.db)(name.len() as u64) }));
        Ok(names.iter().map(user).collect())
    }
}

fn main() {
    fn is_send(_: &impl Send) {}
    is_send(&by_slice(&[1]));
    is_send(&by_list(vec![1]));
    is_send(&by_list_uncached(vec![1]));
    is_send(&by_reference(&vec![1]));
    is_send(&by_set(1, BTreeSet::new()));
    is_send(&by_iterator([1]));
    let users = Users { tenant: 1, db: |id| id };
    is_send(&users.by_names(&["ada"]));
}
