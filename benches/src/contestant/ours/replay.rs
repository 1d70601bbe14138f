//! Fills and a trace in front of a load that costs nothing, and a crowd in front of one that takes long.

use crate::case::fill::Fill;
use crate::case::replay::Replay;
use crate::case::stampede::{self, Stampede};
use cache_runtime::{Cache, L1, cached};
use std::cell::Cell;

/// In front of a load that costs nothing.
pub(crate) struct Replayed;

thread_local! {
    static IS_LOADED: Cell<bool> = const { Cell::new(false) };
}

#[cached(key = "bench:page:<guild_id>:<page>", ttl = 3600, invalidate_on = ["member_update"])]
async fn page_of(guild_id: u64, page: u64) -> u64 {
    IS_LOADED.set(true);
    guild_id + page
}

impl Replay for Replayed {
    const NAME: &'static str = "ours";

    async fn holding(entries: u64) -> Self {
        Cache::builder().l1(L1::max_entries(entries)).build().await.expect("it is coherent").install();
        Self
    }

    async fn ask(&self, page: u64) -> bool {
        IS_LOADED.set(false);
        page_of(0, page).await;
        !IS_LOADED.get()
    }
}

/// The same, and never asked for what it holds.
pub(crate) struct Filled;

#[cached(key = "bench:filled:<guild_id>", ttl = 3600, invalidate_on = ["member_update"])]
async fn filled(guild_id: u64) -> u64 {
    guild_id
}

impl Fill for Filled {
    const NAME: &'static str = "ours, bound, TTL and event";

    async fn holding(entries: u64) -> Self {
        Cache::builder().l1(L1::max_entries(entries)).build().await.expect("it is coherent").install();
        Self
    }

    async fn call(&self, key: u64) -> u64 {
        filled(key).await
    }
}

/// In front of a load that takes long.
pub(crate) struct Crowded;

#[cached(key = "bench:slow:<key>", ttl = 3600)]
async fn slow(key: u64) -> u64 {
    stampede::load(key).await
}

impl Stampede for Crowded {
    const NAME: &'static str = "ours";

    async fn new() -> Self {
        Cache::builder().build().await.expect("it is coherent").install();
        Self
    }

    async fn ask(&self, key: u64) -> u64 {
        slow(key).await
    }
}
