//! moka by hand: numbers as keys, a bound and a TTL.

use crate::case::hit::Hit;
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
