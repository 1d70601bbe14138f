//! quick_cache by hand: numbers as keys, a bound; it has no TTL.

use crate::case::hit::Hit;
use crate::value::Value;
use quick_cache::sync::Cache;

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
