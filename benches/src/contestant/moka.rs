//! moka by hand: numbers as keys, a bound and a TTL.

use crate::case::fill::Fill;
use crate::case::hit::Hit;
use crate::case::miss::Miss;
use crate::case::replay::Replay;
use crate::case::stampede::{self, Stampede};
use crate::value::Value;
use moka::sync::Cache;
use std::time::Duration;

pub(crate) struct Moka<V: Value>(Cache<u64, V>);

pub(super) const LIFE: Duration = Duration::from_secs(3_600);

impl<V: Value> Hit<V> for Moka<V> {
    const NAME: &'static str = "moka, bound and TTL";

    async fn filled(keys: u64) -> Self {
        let cache = Cache::builder().max_capacity(keys * 2).time_to_live(LIFE).build();
        for key in 0..keys {
            cache.insert(key, V::of(key));
        }
        cache.run_pending_tasks();
        Self(cache)
    }

    async fn hit(&self, key: u64) -> V {
        self.0.get(&key).expect("it was filled")
    }
}

impl Miss for Moka<u64> {
    const NAME: &'static str = "moka, bound and TTL";

    async fn beside(keys: u64) -> Self {
        Self::filled(keys).await
    }

    async fn holds(&self, key: u64) -> bool {
        self.0.get(&key).is_some()
    }
}

/// By `get_with`.
pub(crate) struct Filled(Cache<u64, u64>);

impl Fill for Filled {
    const NAME: &'static str = "moka, bound and TTL";

    async fn holding(entries: u64) -> Self {
        Self(Cache::builder().max_capacity(entries).time_to_live(LIFE).build())
    }

    async fn call(&self, key: u64) -> u64 {
        self.0.get_with(key, || key)
    }
}

/// In front of a load that costs nothing.
pub(crate) struct Replayed(Cache<u64, u64>);

impl Replay for Replayed {
    const NAME: &'static str = "moka";

    async fn holding(entries: u64) -> Self {
        Self(Cache::builder().max_capacity(entries).time_to_live(LIFE).build())
    }

    async fn ask(&self, page: u64) -> bool {
        let found = self.0.get(&page).is_some();
        if !found {
            self.0.insert(page, page);
        }
        found
    }
}

/// Its asynchronous cache, by `get_with`.
pub(crate) struct Crowded(moka::future::Cache<u64, u64>);

impl Stampede for Crowded {
    const NAME: &'static str = "moka, get_with";

    async fn new() -> Self {
        Self(moka::future::Cache::builder().max_capacity(10_000).time_to_live(LIFE).build())
    }

    async fn ask(&self, key: u64) -> u64 {
        self.0.get_with(key, stampede::load(key)).await
    }
}
