//! What users of the older editions write, compiled in each of them, under lints that the expansions have to keep silent.

#![deny(
    warnings,
    clippy::pedantic,
    elided_lifetimes_in_paths,
    missing_docs,
    single_use_lifetimes,
    unreachable_pub,
    unused_qualifications
)]

use cache_runtime::{cached, invalidates, CacheEvent, CacheKey};

/// A database that borrows.
#[derive(Debug)]
pub struct Db<'a>(&'a str);
/// A type of a key, with the name of one that the expansion uses.
#[derive(CacheKey, Clone, Debug)]
pub struct Call {
    /// Which one.
    pub id: u64,
}
/// Changed.
#[derive(CacheEvent)]
pub struct Changed {
    /// Which one.
    pub id: u64,
}

/// Of several borrows.
///
/// # Errors
/// Never.
#[cached(key = "edition:one:<name>:<key>", ttl = 300)]
pub async fn one(db: &Db<'_>, name: &str, key: &u64) -> Result<Vec<u64>, std::io::Error> {
    let _ = db.0;
    Ok(vec![*key, name.len() as u64])
}

/// Generic.
#[cached(key = "edition:two:<T>:<call.id>", ttl = "5m", invalidate_on = [Changed(id = call_id)])]
pub async fn two<'a, T: Send + Sync + 'a>(item: &'a T, call: &Call) -> Option<u64> {
    let _ = item;
    Some(call.id)
}

/// Parameters with the names that the expansion has for its own.
#[cached(key = "edition:names:<cache>:<key>:<call>:<shape>:<wire>:<function>:<loader>", ttl = 5)]
pub async fn names(cache: u8, key: u8, call: u8, shape: u8, wire: u8, function: u8, loader: u8) -> u8 {
    cache + key + call + shape + wire + function + loader
}

/// A repository.
#[derive(Debug)]
pub struct Repo {
    /// The tenant.
    pub tenant: u64,
}
impl Repo {
    /// Finds.
    #[cached(key = "edition:repo:<self.tenant>:<id>", ttl = 5, stale_while_revalidate = 5)]
    pub async fn find(&self, id: u64) -> Option<u64> {
        Some(id + self.tenant)
    }
    /// Of its own module, as the methods of a trait's impl look.
    #[cached(key = "edition:repo-own:<self.tenant>:<name>", ttl = 5)]
    async fn own(&self, name: &str) -> usize {
        name.len()
    }
    /// Without receiver.
    #[cached(key = "edition:repo-all:<id>", ttl = 5)]
    pub async fn all(id: u64) -> Vec<u64> {
        vec![id]
    }
    /// Writes.
    ///
    /// # Errors
    /// Never.
    #[invalidates(Changed { id })]
    pub async fn write(&self, id: u64) -> Result<(), cache_runtime::Error> {
        let _ = self.tenant;
        let _ = id;
        Ok(())
    }
}

/// All companions.
pub async fn uses(db: &Db<'_>, repo: &Repo) -> usize {
    let call = Call { id: 1 };
    let held = one_refresh(db, "a", &1).await.map_or(0, |all| all.len());
    let other = one_uncached(db, "a", &1).await.map_or(0, |all| all.len());
    let two = two_refresh(&"text", &call).await.is_some() && two_uncached(&7, &call).await.is_some();
    let entry = two_entry::<u8>(&call);
    let _ = (
        entry.key(),
        two,
        Repo::all_refresh(1).await,
        Repo::all_uncached(1).await,
        repo.find_refresh(1).await,
        repo.own_refresh("a").await,
        repo.find_uncached(1).await,
    );
    held + other
}
