//! hitbox: its attribute over a function of one number, over moka and over Redis. In memory too it keeps bytes.
//!
//! It is built by `benches/hitbox` only.

use crate::case::hit::Hit;
use crate::case::remote;
use crate::value::{Guild, Value};
use hitbox::concurrency::NoopConcurrencyManager;
use hitbox::policy::PolicyConfig;
use hitbox_core::DisabledOffload;
use hitbox_derive::cached;
use hitbox_fn::Cache;
use hitbox_moka::MokaBackend;
use hitbox_redis::{ConnectionMode, RedisBackend};
use std::time::Duration;

/// Over moka.
pub(crate) struct Hitbox(Cache<MokaBackend, NoopConcurrencyManager, DisabledOffload>);

/// Over Redis.
pub(crate) struct Remote(Cache<RedisBackend, NoopConcurrencyManager, DisabledOffload>);

#[cached(prefix = "number")]
async fn number(key: u64) -> u64 {
    Value::of(key)
}

#[cached(prefix = "guild")]
async fn guild(key: u64) -> Guild {
    Value::of(key)
}

fn policy() -> PolicyConfig {
    PolicyConfig::builder().ttl(Duration::from_secs(3_600)).build()
}

macro_rules! hits {
    ($function:ident, $value:ty) => {
        impl Hit<$value> for Hitbox {
            const NAME: &'static str = "hitbox, bound and TTL";

            async fn filled(keys: u64) -> Self {
                let backend = MokaBackend::builder().max_entries(keys * 2).build();
                let cache = Cache::builder().backend(backend).policy(policy()).build();
                for key in 0..keys {
                    $function(key).cache(&cache).await;
                }
                Self(cache)
            }

            async fn hit(&self, key: u64) -> $value {
                $function(key).cache(&self.0).await
            }
        }
    };
}

hits!(number, u64);
hits!(guild, Guild);

impl remote::Remote for Remote {
    const NAME: &'static str = "hitbox, RedisBackend";

    async fn filled(url: &str, keys: u64) -> anyhow::Result<Self> {
        let backend = RedisBackend::builder().connection(ConnectionMode::single(url)).build()?;
        let cache = Cache::builder().backend(backend).policy(policy()).build();
        for key in 0..keys {
            guild(key).cache(&cache).await;
        }
        Ok(Self(cache))
    }

    async fn fetch(&self, key: u64) -> Guild {
        guild(key).cache(&self.0).await
    }
}
