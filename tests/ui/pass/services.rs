//! Methods of services and repositories.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, cached};
use std::sync::Arc;

/// A repository of one tenant.
pub struct Users<D> {
    tenant: u64,
    db: D,
    cache: Cache,
}

/// Where users are.
pub trait Db: Send + Sync {
    /// Of a user.
    fn name(&self, id: u64) -> String;
}

struct InMemory;

impl Db for InMemory {
    fn name(&self, id: u64) -> String {
        format!("user {id}")
    }
}

impl<D: Db> Users<D> {
    /// The name of a user.
    #[cached(key = "user:<self.tenant>:<id>", ttl = 300)]
    pub async fn name(&self, id: u64) -> String {
        self.db.name(id)
    }

    #[cached(key = "user:own:<self.tenant>:<id>", ttl = 300, cache = self.cache)]
    async fn in_own_cache(&self, id: u64) -> String {
        self.db.name(id)
    }

    #[cached(key = "user:len:<self.tenant>:<id>", ttl = 300)]
    pub(crate) async fn length(self: Arc<Self>, id: u64) -> usize {
        self.db.name(id).len()
    }

    #[cached(key = "by-value:<id>", ttl = 300, skip(self))]
    async fn by_reference_to_arc(self: &Arc<Self>, id: u64) -> usize {
        self.db.name(id).len()
    }
}

/// Ids without an instance.
pub struct Ids;

impl Ids {
    /// The first id of a guild.
    #[cached(key = "ids:first:<guild_id>", ttl = 300)]
    pub async fn first(guild_id: u64) -> u64 {
        guild_id * 1000
    }

    #[cached(key = "ids:of:<guild_id>", ttl = 300)]
    async fn with_self(ids: &Self, guild_id: u64) -> u64 {
        let Self = ids;
        Self::first(guild_id).await + 1
    }

    #[cached(ttl = 300, skip(self))]
    async fn default_key(&self, guild_id: u64) -> u64 {
        guild_id
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let users = Arc::new(Users { tenant: 7, db: InMemory, cache: Cache::in_memory() });
    assert_eq!(users.name(1).await, "user 1");
    assert!(users.name_entry(1).key().starts_with("user:7:1@"), "of a generic type");
    assert_eq!(users.name_refresh(1).await, users.name_uncached(1).await);
    assert_eq!(users.in_own_cache(1).await, "user 1");
    assert_eq!(users.in_own_cache_entry(1).get().await.as_deref(), Some("user 1"));
    assert_eq!(users.clone().length(1).await, 6);
    assert_eq!(users.clone().length_entry(1).get().await, Some(6));
    assert_eq!(users.by_reference_to_arc(1).await, 6);
    assert_eq!(Ids::first(1).await, 1000);
    assert_eq!(Ids::first_uncached(1).await, Ids::first_refresh(1).await);
    assert_eq!(Ids::first_entry(1).get().await, Some(1000));
    assert_eq!(Ids::with_self(&Ids, 1).await, 1001);
    assert_eq!(Ids.default_key(3).await, 3);
    assert_eq!(Ids.default_key_entry(3).get().await, Some(3));
}
