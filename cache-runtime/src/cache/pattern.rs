//! Removing by pattern: the one invalidation that has to look for what it hits.

use super::Cache;
use super::request::{key_dependency, without_schema};
use crate::bus::Message;
use crate::error::{Error, StoreError};
use crate::key::Key;
use crate::stamp::Partition;
use crate::store::{Cursor, Page, Search, Store};
use crate::telemetry::spans::{self, Operation};
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many keys are removed in one step.
const REMOVED_AT_ONCE: usize = 500;

/// How often it begins anew when parts of a cluster have moved meanwhile.
const ATTEMPTS: usize = 3;

/// Text in which `*` stands for any run of characters, and everything else for itself.
struct Pattern<'p>(Vec<&'p str>);

/// What a page of names is searched for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Every name that betrays a key.
    First,
    /// Entries that were stored while the first pass was over their names already, by loads from before it.
    Second,
}

impl Cache {
    /// Removes every entry whose key fits a pattern, in which `*` stands for any run of characters: `guild:42:*`. Loads of
    /// them that are under way will not be kept, on any node. Tells how many entries there were.
    ///
    /// Unlike all other invalidations it looks for what it hits, and its cost grows with all that is in the store: in
    /// Redis, two `SCAN`s of every server, some 30 ms for 100,000 names each, during which others are served; then each
    /// node asks the store before it answers from memory again, once an entry. What is to be invalidated often should have
    /// a tag or an event in common, which costs one step however many there are.
    ///
    /// Keys that were longer than [`max_key_bytes`](super::Builder::max_key_bytes) are compared as they were shortened.
    ///
    /// # Errors
    /// If the store did not do it, knows no search, or is a cluster whose slots kept moving meanwhile. Then some of the
    /// entries may have been removed, and it can be called again. What was found before is removed as by
    /// [`remove`](Self::remove), and queued where that would be ([`recovery`](super::Builder::recovery)); what was not found
    /// yet is not.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::{Cache, Policy};
    /// use std::time::Duration;
    ///
    /// let cache = Cache::builder().build().await?;
    /// for key in ["guild:42:members", "guild:42:roles", "guild:43:members"] {
    ///     cache.set(key, 1_u64, Policy::ttl(Duration::from_secs(60))).await?;
    /// }
    /// assert_eq!(cache.remove_pattern("guild:42:*").await?, 2);
    /// assert_eq!(cache.get::<u64>("guild:42:roles").await, None);
    /// assert_eq!(cache.get::<u64>("guild:43:members").await, Some(1));
    /// # Ok(()) }
    /// ```
    pub async fn remove_pattern(&self, pattern: &str) -> Result<usize, Error> {
        spans::attempt(Operation::RemovePattern, self.span(), self.remove_fitting(pattern)).await
    }

    async fn remove_fitting(&self, pattern: &str) -> Result<usize, Error> {
        self.check_open()?;
        let pattern = Pattern(pattern.split('*').collect());
        let mut removed = self.remove_named(self.known_here(&pattern)).await?;
        let Some(store) = self.shared.store.clone() else { return Ok(removed) };
        for _ in 0..ATTEMPTS {
            let servers = self.servers(&store);
            removed += self.remove_found(&store, &pattern, Pass::First).await?;
            removed += self.remove_found(&store, &pattern, Pass::Second).await?;
            // Memory may keep what the store has lost, and nobody found there.
            for bump in store.doubt(&self.space.namespace).await? {
                self.heard(&Message { partition: bump.partition, stamp: bump.stamp, names: None });
            }
            // That has asked every partition: if one had moved away from under the search, the map says so by now.
            if self.servers(&store) == servers {
                return Ok(removed);
            }
        }
        let cause = "TRYAGAIN the cluster's slots were moved while its names were searched".into();
        Err(StoreError::Refused { store: store.name(), cause }.into())
    }

    /// Keys that this process has entries or loads of.
    fn known_here(&self, pattern: &Pattern<'_>) -> BTreeSet<String> {
        self.shared.cells.keys(|key| pattern.fits(key)).into_iter().collect()
    }

    fn servers(&self, store: &Arc<dyn Store>) -> Vec<Option<Arc<str>>> {
        (0..store.partitions()).map(|at| store.server_of(Partition(at))).collect()
    }

    /// One pass over the store.
    async fn remove_found(&self, store: &Arc<dyn Store>, pattern: &Pattern<'_>, pass: Pass) -> Result<usize, Error> {
        let (mut removed, mut next) = (0, Some(Cursor::default()));
        while let Some(from) = next {
            let search = Search { part: pattern.longest(), from };
            let page = store.search(&self.space.namespace, search).await?;
            removed += self.remove_named(pattern.keys_on(&page, pass)).await?;
            next = page.next;
        }
        Ok(removed)
    }

    async fn remove_named(&self, texts: BTreeSet<String>) -> Result<usize, Error> {
        let keys: Vec<Key> = texts.into_iter().map(|text| self.name(text)).collect();
        let mut removed = 0;
        for some in keys.chunks(REMOVED_AT_ONCE) {
            removed += self.remove_keys(some).await?;
        }
        Ok(removed)
    }
}

impl<'p> Pattern<'p> {
    fn fits(&self, text: &str) -> bool {
        let Some((first, others)) = self.0.split_first() else { return text.is_empty() };
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let Some((last, between)) = others.split_last() else { return rest.is_empty() };
        for part in between {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }

    /// What every text that fits contains, as much as there is in one piece.
    fn longest(&self) -> &'p str {
        self.0.iter().copied().max_by_key(|part| part.len()).unwrap_or_default()
    }

    /// The keys that fit, among names that were found.
    ///
    /// A generation of a key's own was there before the load that made it began to run, and outlives it: the first pass
    /// has found it. So it has for loads of an entry that lies aside, which depends on it.
    fn keys_on(&self, page: &Page, pass: Pass) -> BTreeSet<String> {
        let is_first = pass == Pass::First;
        let whole = page.keys.iter().map(|key| without_schema(key));
        let usual = whole.filter(|(_, is_aside)| is_first || !is_aside).map(|(key, _)| key);
        let own = key_dependency("");
        let generations = page.dependencies.iter().filter(|_| is_first).filter_map(|name| name.strip_prefix(&own));
        usual.chain(generations).filter(|key| self.fits(key)).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_star_is_any_run_of_characters_and_all_else_is_itself() {
        let fits = |pattern: &str, text: &str| Pattern(pattern.split('*').collect()).fits(text);
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "anything"),
            ("a", "a"),
            ("guild:42:*", "guild:42:"),
            ("guild:42:*", "guild:42:members"),
            ("*:members", "guild:42:members"),
            ("guild:*:members", "guild:42:members"),
            ("a*b*c", "abc"),
            ("a*b*c", "axbxbxc"),
            ("a**b", "ab"),
            ("ä*ß", "ä→ß"),
            ("[a]?", "[a]?"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", "ab"),
            ("guild:4*", "guild:3"),
            ("guild:42:*", "guild:421:members"),
            ("aba*aba", "aba"),
            ("a*b*c", "acb"),
            ("?", "a"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }
}
