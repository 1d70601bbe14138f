//! The crate `cached`: its attributes over a function of one number.

use crate::case::crowds;
use crate::case::fill::Fill;
use crate::case::hit::Hit;
use crate::case::miss::Miss;
use crate::case::remote;
use crate::case::remote_fill::RemoteFill;
use crate::case::stampede::{self, Stampede};
use crate::value::{Guild, Line, Value};
use cached::macros::{cached, concurrent_cached};
use cached::{AsyncRedisCache, ConcurrentCached, ConcurrentCachedAsync};
use std::sync::Arc;

/// `#[concurrent_cached]` with a TTL: no bound.
pub(crate) struct Ttl;

/// `#[concurrent_cached]` with a TTL and a bound.
pub(crate) struct Bounded;

/// `#[cached]` with a TTL: one lock for all, which is its default.
pub(crate) struct Locked;

macro_rules! hits {
    ($ttl:ident, $bounded:ident, $locked:ident, $value:ty) => {
        #[concurrent_cached(ttl_secs = 3600)]
        async fn $ttl(key: u64) -> $value {
            Value::of(key)
        }

        #[concurrent_cached(ttl_secs = 3600, max_size = 2_000_000)]
        async fn $bounded(key: u64) -> $value {
            Value::of(key)
        }

        #[cached(ttl_secs = 3600)]
        async fn $locked(key: u64) -> $value {
            Value::of(key)
        }

        hits!(Ttl, "cached, #[concurrent_cached] with TTL", $ttl, $value);
        hits!(Bounded, "cached, #[concurrent_cached] with TTL and bound", $bounded, $value);
        hits!(Locked, "cached, #[cached] with TTL", $locked, $value);
    };
    ($contestant:ty, $name:literal, $function:ident, $value:ty) => {
        impl Hit<$value> for $contestant {
            const NAME: &'static str = $name;

            async fn filled(keys: u64) -> Self {
                for key in 0..keys {
                    $function(key).await;
                }
                Self
            }

            async fn hit(&self, key: u64) -> $value {
                $function(key).await
            }
        }
    };
}

hits!(number, number_bounded, number_locked, u64);
hits!(guild, guild_bounded, guild_locked, Guild);
hits!(shared, shared_bounded, shared_locked, Arc<Guild>);
hits!(line, line_bounded, line_locked, Line);
hits!(piece, piece_bounded, piece_locked, Arc<[u8]>);

/// Its store in Redis, which keeps values as JSON.
pub(crate) struct Remote(AsyncRedisCache<u64, Guild>);

impl remote::Remote for Remote {
    const NAME: &'static str = "cached, AsyncRedisCache";

    async fn filled(url: &str, keys: u64) -> anyhow::Result<Self> {
        let builder = AsyncRedisCache::builder("cached:guild").ttl_secs(3_600).connection_string(url);
        let cache = builder.build().await?;
        for key in 0..keys {
            cache.async_cache_set(key, Guild::of(key)).await?;
        }
        Ok(Self(cache))
    }

    async fn fetch(&self, key: u64) -> Guild {
        let found = self.0.async_cache_get(&key).await.expect("the server is there");
        found.expect("it was filled")
    }
}

/// `#[cached]` with one load a key at a time.
pub(crate) struct Crowded;

/// `#[concurrent_cached]`, which has no such option.
pub(crate) struct CrowdedTtl;

#[cached(ttl_secs = 3600, sync_writes = "by_key")]
async fn slow(key: u64) -> u64 {
    stampede::load(key).await
}

#[concurrent_cached(ttl_secs = 3600)]
async fn slow_ttl(key: u64) -> u64 {
    stampede::load(key).await
}

impl Stampede for Crowded {
    const NAME: &'static str = "cached, #[cached] with sync_writes by_key";

    async fn new() -> Self {
        Self
    }

    async fn ask(&self, key: u64) -> u64 {
        slow(key).await
    }
}

impl Stampede for CrowdedTtl {
    const NAME: &'static str = "cached, #[concurrent_cached]";

    async fn new() -> Self {
        Self
    }

    async fn ask(&self, key: u64) -> u64 {
        slow_ttl(key).await
    }
}

/// The store of `#[concurrent_cached]`.
pub(crate) struct Missing;

#[concurrent_cached(ttl_secs = 3600)]
async fn looked_up(key: u64) -> u64 {
    key
}

impl Miss for Missing {
    const NAME: &'static str = "cached, the store of #[concurrent_cached] with TTL";

    async fn beside(keys: u64) -> Self {
        for key in 0..keys {
            looked_up(key).await;
        }
        Self
    }

    async fn holds(&self, key: u64) -> bool {
        LOOKED_UP.get().is_some_and(|store| store.cache_get(&key).is_ok_and(|found| found.is_some()))
    }
}

/// `#[concurrent_cached]` with a TTL and a bound.
pub(crate) struct Filled;

/// `#[concurrent_cached]` with a TTL, which only grows.
pub(crate) struct FilledTtl;

#[concurrent_cached(ttl_secs = 3600, max_size = 10_000)]
async fn filled(key: u64) -> u64 {
    key
}

#[concurrent_cached(ttl_secs = 3600)]
async fn filled_ttl(key: u64) -> u64 {
    key
}

macro_rules! fills {
    ($contestant:ident, $name:literal, $function:ident) => {
        impl Fill for $contestant {
            const NAME: &'static str = $name;

            async fn holding(_: u64) -> Self {
                Self
            }

            async fn call(&self, key: u64) -> u64 {
                $function(key).await
            }
        }
    };
}

fills!(Filled, "cached, #[concurrent_cached] with TTL and bound", filled);
fills!(FilledTtl, "cached, #[concurrent_cached] with TTL, only grows", filled_ttl);

/// Its store in Redis, in front of a load that costs nothing.
pub(crate) struct RemoteFilled(AsyncRedisCache<u64, Guild>);

impl RemoteFill for RemoteFilled {
    const NAME: &'static str = "cached, AsyncRedisCache";

    async fn empty(url: &str) -> anyhow::Result<Self> {
        let builder = AsyncRedisCache::builder("cached:filled").ttl_secs(3_600).connection_string(url);
        Ok(Self(builder.build().await?))
    }

    async fn call(&self, key: u64) -> Guild {
        if let Some(found) = self.0.async_cache_get(&key).await.expect("the server is there") {
            return found;
        }
        let loaded = Guild::of(key);
        self.0.async_cache_set(key, loaded.clone()).await.expect("the server is there");
        loaded
    }
}

/// The same in front of a load that takes long.
pub(crate) struct Crowd(AsyncRedisCache<u64, u64>);

impl crowds::Crowd for Crowd {
    const NAME: &'static str = "cached, AsyncRedisCache";
    const PART: &'static str = "cached";

    async fn join(url: &str) -> anyhow::Result<Self> {
        let builder = AsyncRedisCache::builder("cached:crowd").ttl_secs(3_600).connection_string(url);
        Ok(Self(builder.build().await?))
    }

    async fn ask(&self, key: u64) -> u64 {
        if let Some(found) = self.0.async_cache_get(&key).await.expect("the server is there") {
            return found;
        }
        let loaded = stampede::load(key).await;
        self.0.async_cache_set(key, loaded).await.expect("the server is there");
        loaded
    }
}
