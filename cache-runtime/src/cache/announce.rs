//! Guarded writes: an invalidation that is announced before the write is committed, so that a writer who dies in between
//! leaves nothing old behind.

use super::Cache;
use super::remove::{BumpUnderWay, Performed, token_of};
use crate::clock::whole_ms;
use crate::error::Error;
use crate::key::{Dependency, Name};
use crate::stamp::random_name;
use crate::store::{Announce, Settle};
use crate::telemetry::ActivityKind;
use crate::telemetry::spans::{self, Operation};
use crate::token::Token;
use std::time::Duration;

/// How long an announcement holds if its writer dies, by the store's clock: longer than a transaction may last.
const LIFE: Duration = Duration::from_secs(60);

/// A write that was announced and has yet to be committed; see [`Cache::announce`].
#[must_use = "what it announced stays uncached until it is settled or runs out"]
pub struct Announced {
    cache: Cache,
    dependencies: Vec<Dependency>,
    writer: u64,
    invalidations: u64,
}

impl Cache {
    pub(super) async fn announce_dependencies(
        &self,
        texts: Vec<String>,
        invalidations: u64,
    ) -> Result<Announced, Error> {
        let dependencies = self.names(texts);
        let announced = Announced { cache: self.clone(), dependencies, writer: random_name(), invalidations };
        let names: Vec<&Name> = announced.dependencies.iter().collect();
        match &self.shared.store {
            Some(store) if !names.is_empty() => {
                let under_way = BumpUnderWay::new(self, names.iter().copied());
                let life_ms = whole_ms(LIFE);
                let announce = Announce { dependencies: &announced.dependencies, writer: announced.writer, life_ms };
                let bumps = store.announce(&self.space.namespace, announce).await?;
                under_way.done(&bumps, &names);
            }
            Some(_) => {}
            None => self.raise_locally(&names),
        }
        Ok(announced)
    }
}

impl Announced {
    /// Invalidates what was announced, and lets it be cached again. To be called after the commit, and after a rollback:
    /// then nothing has changed, and all it costs is a load.
    ///
    /// # Errors
    /// If the store did not do it. Then what was announced stays uncached until the announcement runs out.
    pub async fn settle(self) -> Result<Token, Error> {
        let cache = self.cache.clone();
        let (names, settled) = (self.dependencies.len(), self.settled());
        let token = spans::attempt(Operation::Settle, cache.span(), settled).await?;
        cache.did_to(ActivityKind::Invalidate(names), [""]);
        Ok(token)
    }

    async fn settled(self) -> Result<Token, Error> {
        let (cache, names) = (&self.cache, self.dependencies.iter().collect::<Vec<&Name>>());
        cache.check_open()?;
        let token = match &cache.shared.store {
            Some(store) if !names.is_empty() => {
                let under_way = BumpUnderWay::new(cache, names.iter().copied());
                let settle = Settle { dependencies: &self.dependencies, writer: self.writer };
                let bumps = store.settle(&cache.space.namespace, settle).await?;
                under_way.done(&bumps, &names);
                token_of(Some(Performed { existed: 0, bumps: bumps.into_iter().collect() }))
            }
            // The drop raises what there is.
            _ => Token::default(),
        };
        cache.shared.counters.invalidations.add(self.invalidations);
        Ok(token)
    }
}

impl Drop for Announced {
    /// Without a store there is no announcement that could outlive the writer: it ends here.
    fn drop(&mut self) {
        if self.cache.shared.store.is_none() {
            self.cache.raise_locally(&self.dependencies.iter().collect::<Vec<_>>());
        }
    }
}

impl std::fmt::Debug for Announced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announced").field("dependencies", &self.dependencies).finish_non_exhaustive()
    }
}
