//! Methods: a tenant in the key, a receiver that does not matter, a trait's method, a cache of their own.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, cached};
use std::sync::Arc;

/// Where users are.
#[derive(Debug)]
pub struct Repository<D> {
    tenant: u32,
    database: D,
    cache: Cache,
}

/// Who can be asked for a name.
#[allow(async_fn_in_trait)]
pub trait Names {
    /// The name of a user.
    async fn name(&self, id: u64) -> Option<String>;
}

impl<D: Sync> Repository<D> {
    /// One for a tenant.
    #[must_use]
    pub fn new(tenant: u32, database: D, cache: Cache) -> Self {
        Self { tenant, database, cache }
    }

    /// The name of a user.
    ///
    /// # Errors
    /// If there is none.
    #[cached(key = "repositories:<self.tenant>:<id>", ttl = "5m", cache = self.cache)]
    pub async fn find(&self, id: u64) -> Result<String, std::io::Error>
    where
        D: AsRef<str>,
    {
        if id == 0 {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        Ok(format!("{}{id}", self.database.as_ref()))
    }

    /// How many there are.
    #[cached(ttl = 60, skip(self))]
    pub async fn count(self: Arc<Self>, page: usize) -> usize
    where
        D: Send + 'static,
    {
        page + 1
    }

    /// Without a receiver.
    #[cached(key = "repositories:limit", ttl = 60)]
    pub async fn limit() -> usize {
        100
    }
}

impl<D: AsRef<str> + Sync> Names for Repository<D> {
    #[cached(key = "repositories:name:<self.tenant>:<id>", ttl = 60, companions = false)]
    async fn name(&self, id: u64) -> Option<String> {
        self.find(id).await.ok()
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let repository = Arc::new(Repository::new(7, "user", Cache::in_memory()));
        assert_eq!(repository.find(1).await.ok().as_deref(), Some("user1"));
        assert!(repository.find_entry(1).key().starts_with("repositories:7:1@"), "of a generic type");
        assert_eq!(repository.name(1).await.as_deref(), Some("user1"));
        assert_eq!(repository.clone().count(1).await, 2);
        assert_eq!(Repository::<&str>::limit().await, 100);
    });
}
