//! The floor: a lock-free map of numbers to values, without TTL, bound or invalidation.

use crate::case::fill::Fill;
use crate::case::hit::Hit;
use crate::case::miss::Miss;
use crate::value::Value;
use foldhash::fast::RandomState;

pub(crate) struct Papaya<V>(papaya::HashMap<u64, V, RandomState>);

impl<V: Value> Hit<V> for Papaya<V> {
    const NAME: &'static str = "papaya (a map, the floor)";

    async fn filled(keys: u64) -> Self {
        let map = papaya::HashMap::builder().hasher(RandomState::default()).build();
        for key in 0..keys {
            map.pin().insert(key, V::of(key));
        }
        Self(map)
    }

    async fn hit(&self, key: u64) -> V {
        self.0.pin().get(&key).cloned().expect("it was filled")
    }
}

impl Miss for Papaya<u64> {
    const NAME: &'static str = "papaya (a map, the floor)";

    async fn beside(keys: u64) -> Self {
        Self::filled(keys).await
    }

    async fn holds(&self, key: u64) -> bool {
        self.0.pin().contains_key(&key)
    }
}

impl Fill for Papaya<u64> {
    const NAME: &'static str = "papaya (a map that only grows, the floor)";

    async fn holding(_: u64) -> Self {
        Self(papaya::HashMap::builder().hasher(RandomState::default()).build())
    }

    async fn call(&self, key: u64) -> u64 {
        *self.0.pin().get_or_insert_with(key, || key)
    }
}
