//! foyer's memory by hand: numbers as keys, a bound; it has no TTL.

use crate::case::fill::Fill;
use crate::case::hit::Hit;
use crate::case::miss::Miss;
use crate::case::replay::Replay;
use crate::case::stampede::{self, Stampede};
use crate::value::Value;
use foyer_memory::{Cache, CacheBuilder, LfuConfig, LruConfig};
use std::convert::Infallible;
use std::marker::PhantomData;

pub(crate) struct Foyer<V: Value>(Cache<u64, V>);

impl<V: Value> Hit<V> for Foyer<V> {
    const NAME: &'static str = "foyer, bound";

    async fn filled(keys: u64) -> Self {
        let cache = CacheBuilder::new(keys as usize * 2).build();
        for key in 0..keys {
            cache.insert(key, V::of(key));
        }
        Self(cache)
    }

    async fn hit(&self, key: u64) -> V {
        self.0.get(&key).expect("it was filled").value().clone()
    }
}

impl Miss for Foyer<u64> {
    const NAME: &'static str = "foyer, bound";

    async fn beside(keys: u64) -> Self {
        Self::filled(keys).await
    }

    async fn holds(&self, key: u64) -> bool {
        self.0.get(&key).is_some()
    }
}

/// By `get` and `insert`: its `get_or_fetch` begins a task.
pub(crate) struct Filled(Cache<u64, u64>);

impl Fill for Filled {
    const NAME: &'static str = "foyer, bound, get and insert";

    async fn holding(entries: u64) -> Self {
        Self(CacheBuilder::new(entries as usize).build())
    }

    async fn call(&self, key: u64) -> u64 {
        match self.0.get(&key) {
            Some(found) => *found.value(),
            None => *self.0.insert(key, key).value(),
        }
    }
}

/// In front of a load that costs nothing, by one of its policies.
pub(crate) struct Replayed<P>(Cache<u64, u64>, PhantomData<P>);

/// The least recently used entry goes.
pub(crate) struct Lru;

/// TinyLFU before an LRU.
pub(crate) struct Lfu;

macro_rules! replays {
    ($policy:ty, $name:literal, $config:expr) => {
        impl Replay for Replayed<$policy> {
            const NAME: &'static str = $name;

            async fn holding(entries: u64) -> Self {
                let builder = CacheBuilder::new(entries as usize).with_eviction_config($config);
                Self(builder.build(), PhantomData)
            }

            async fn ask(&self, page: u64) -> bool {
                let found = self.0.get(&page).is_some();
                if !found {
                    self.0.insert(page, page);
                }
                found
            }
        }
    };
}

replays!(Lru, "foyer, LRU", LruConfig::default());
replays!(Lfu, "foyer, LFU", LfuConfig::default());

/// By `get_or_fetch`.
pub(crate) struct Crowded(Cache<u64, u64>);

impl Stampede for Crowded {
    const NAME: &'static str = "foyer, get_or_fetch";

    async fn new() -> Self {
        Self(CacheBuilder::new(10_000).build())
    }

    async fn ask(&self, key: u64) -> u64 {
        let load = move || async move { Ok::<_, Infallible>(stampede::load(key).await) };
        *self.0.get_or_fetch(&key, load).await.expect("it cannot fail").value()
    }
}
