//! quick_cache by hand: numbers as keys, a bound; it has no TTL.

use crate::case::fill::Fill;
use crate::case::hit::Hit;
use crate::case::miss::Miss;
use crate::case::replay::Replay;
use crate::case::stampede::{self, Stampede};
use crate::value::Value;
use quick_cache::sync::Cache;
use std::convert::Infallible;

pub(crate) struct QuickCache<V>(Cache<u64, V>);

impl<V: Value> Hit<V> for QuickCache<V> {
    const NAME: &'static str = "quick_cache, bound";

    async fn filled(keys: u64) -> Self {
        let cache = Cache::new(keys as usize * 2);
        for key in 0..keys {
            cache.insert(key, V::of(key));
        }
        Self(cache)
    }

    async fn hit(&self, key: u64) -> V {
        self.0.get(&key).expect("it was filled")
    }
}

impl Miss for QuickCache<u64> {
    const NAME: &'static str = "quick_cache, bound";

    async fn beside(keys: u64) -> Self {
        Self::filled(keys).await
    }

    async fn holds(&self, key: u64) -> bool {
        self.0.get(&key).is_some()
    }
}

/// By `get_or_insert_with`.
pub(crate) struct Filled(Cache<u64, u64>);

impl Fill for Filled {
    const NAME: &'static str = "quick_cache, bound";

    async fn holding(entries: u64) -> Self {
        Self(Cache::new(entries as usize))
    }

    async fn call(&self, key: u64) -> u64 {
        self.0.get_or_insert_with(&key, || Ok::<_, Infallible>(key)).expect("it cannot fail")
    }
}

/// In front of a load that costs nothing.
pub(crate) struct Replayed(Cache<u64, u64>);

impl Replay for Replayed {
    const NAME: &'static str = "quick_cache";

    async fn holding(entries: u64) -> Self {
        Self(Cache::new(entries as usize))
    }

    async fn ask(&self, page: u64) -> bool {
        let found = self.0.get(&page).is_some();
        if !found {
            self.0.insert(page, page);
        }
        found
    }
}

/// By `get_or_insert_async`.
pub(crate) struct Crowded(Cache<u64, u64>);

impl Stampede for Crowded {
    const NAME: &'static str = "quick_cache, get_or_insert_async";

    async fn new() -> Self {
        Self(Cache::new(10_000))
    }

    async fn ask(&self, key: u64) -> u64 {
        let load = async { Ok::<_, Infallible>(stampede::load(key).await) };
        self.0.get_or_insert_async(&key, load).await.expect("it cannot fail")
    }
}
