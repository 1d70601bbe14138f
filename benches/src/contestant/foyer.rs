//! foyer's memory by hand: numbers as keys, a bound; it has no TTL.

use crate::case::hit::Hit;
use crate::value::Value;
use foyer_memory::{Cache, CacheBuilder};

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
