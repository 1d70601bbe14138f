//! This project: a cached function with a TTL and one event, over a bounded memory.

mod nodes;
mod remote;
mod replay;

pub(crate) use nodes::{Crowd, Node};
pub(crate) use remote::{Batched, Emitter, Remote, RemoteFilled};
pub(crate) use replay::{Crowded, Filled, Replayed};

use crate::case::hit::Hit;
use crate::case::miss::Miss;
use crate::value::{Guild, Line, Value};
use cache_runtime::{Cache, CacheEvent, L1, cached};
use std::sync::Arc;

/// As the first page of the guide has it.
pub(crate) struct Ours;

/// What invalidates everything of a key.
#[derive(CacheEvent)]
#[event(name = "member_update")]
pub(crate) struct MemberUpdate {
    pub(crate) guild_id: u64,
}

macro_rules! hits {
    ($function:ident, $key:literal, $value:ty) => {
        #[cached(key = $key, ttl = 3600, invalidate_on = ["member_update"])]
        async fn $function(guild_id: u64) -> $value {
            Value::of(guild_id)
        }

        impl Hit<$value> for Ours {
            const NAME: &'static str = "ours, bound, TTL and event";

            async fn filled(keys: u64) -> Self {
                let cache = Cache::builder().l1(L1::max_entries(keys * 2)).build().await.expect("it is coherent");
                cache.install();
                for key in 0..keys {
                    $function(key).await;
                }
                // What was filled is counted, and room is made for nothing.
                assert_eq!(cache.stats().l1_entries, keys);
                Self
            }

            async fn hit(&self, key: u64) -> $value {
                $function(key).await
            }
        }
    };
}

hits!(number, "bench:number:<guild_id>", u64);
hits!(guild, "bench:guild:<guild_id>", Guild);
hits!(shared, "bench:shared:<guild_id>", Arc<Guild>);
hits!(line, "bench:line:<guild_id>", Line);
hits!(piece, "bench:piece:<guild_id>", Arc<[u8]>);

/// By the entry's handle, which loads nothing.
pub(crate) struct Missing;

impl Miss for Missing {
    const NAME: &'static str = "ours, bound, TTL and event";

    async fn beside(keys: u64) -> Self {
        <Ours as Hit<u64>>::filled(keys).await;
        Self
    }

    async fn holds(&self, key: u64) -> bool {
        number_entry(key).get().await.is_some()
    }
}
