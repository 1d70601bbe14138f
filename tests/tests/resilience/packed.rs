//! Entries that are compressed and encrypted, over a whole cache: S04, S07, S08, and J11.

use cache_runtime::{Builder, Cache, Clock, Compress, Keyring, MemoryStore, Notice, assert_hit, assert_miss, cached};
use std::sync::{Arc, Mutex};

#[cached(key = "packed:text:<id>", ttl = 600, none_ttl = 600)]
async fn text(id: u64) -> Option<String> {
    (id != 404).then(|| format!("the text of {id}; ").repeat(1_000))
}

/// A node of its own on a store.
async fn node(store: &MemoryStore, configure: impl FnOnce(Builder) -> Builder) -> Cache {
    let builder = Cache::builder().clock(Clock::manual()).namespace("packed").store(store.clone());
    configure(builder).build().await.expect("coherent")
}

fn compressing(builder: Builder) -> Builder {
    builder.compress(Compress::Zstd { above: 1_024 })
}

fn encrypting(builder: Builder) -> Builder {
    builder.encrypt(Keyring::new(1, [1; 32]))
}

#[tokio::test]
async fn s04_compression_can_be_switched_while_others_read() {
    let store = MemoryStore::with_clock(Clock::manual());
    let (plain, smaller) = (node(&store, |builder| builder).await, node(&store, compressing).await);
    let loaded = smaller.clone().scope(async { assert_miss!(text(1)) }).await;
    let stored = store.bytes("packed", "packed:text:1").expect("stored");
    assert!(stored.len() < 1_000, "{} bytes of {}", stored.len(), loaded.as_ref().map_or(0, String::len));
    assert_eq!(plain.clone().scope(async { assert_hit!(text(1)) }).await, loaded);
    plain.scope(async { assert_miss!(text(2)) }).await;
    smaller.scope(async { assert_hit!(text(2)) }).await;
}

/// J11: what it takes up in memory is not what it takes up in the store.
#[tokio::test]
async fn j11_an_entry_that_came_by_way_of_the_store_weighs_what_it_weighed_where_it_was_loaded() {
    let store = MemoryStore::with_clock(Clock::manual());
    for configure in [compressing, encrypting, |builder| builder] {
        let (loads, finds) = (node(&store, configure).await, node(&store, configure).await);
        let value = loads.clone().scope(async { assert_miss!(text(1)) }).await;
        assert_eq!(finds.clone().scope(async { assert_hit!(text(1)) }).await, value);
        let weights = [&loads, &finds].map(|cache| (cache.stats().l1_entries, cache.stats().l1_weight));
        assert_eq!(weights[0], weights[1]);
        assert!(weights[0].1 > 12_000, "{weights:?}");
        loads.clear().await.expect("the store is well");
    }
}

#[tokio::test]
async fn s04_switching_encryption_on_costs_loads_and_no_errors() {
    let store = MemoryStore::with_clock(Clock::manual());
    let (plain, secret) = (node(&store, |builder| builder).await, node(&store, encrypting).await);
    let loaded = plain.clone().scope(text(1)).await;
    assert_eq!(secret.clone().scope(async { assert_miss!(text(1)) }).await, loaded);
    assert_eq!(secret.stats().unreadable, 1);
    assert_eq!(node(&store, |builder| builder).await.scope(async { assert_miss!(text(1)) }).await, loaded);
}

#[tokio::test]
async fn s07_what_is_encrypted_is_read_by_its_like_and_shows_nothing_of_itself() {
    let store = MemoryStore::with_clock(Clock::manual());
    for id in [1, 404] {
        let writer = node(&store, |builder| encrypting(compressing(builder))).await;
        let loaded = writer.scope(async { assert_miss!(text(id)) }).await;
        let reader = node(&store, encrypting).await;
        assert_eq!(reader.scope(async { assert_hit!(text(id)) }).await, loaded);
    }
    node(&store, encrypting).await.scope(text(2)).await;
    let stored = store.bytes("packed", "packed:text:2").expect("stored");
    assert!(!stored.windows(8).any(|window| window == b"the text"));
}

#[tokio::test]
async fn s07_an_entry_that_somebody_put_in_another_ones_place_is_a_miss_and_told() {
    let store = MemoryStore::with_clock(Clock::manual());
    node(&store, encrypting).await.scope(async { (text(1).await, text(2).await) }).await;
    store.overwrite("packed", "packed:text:2", store.bytes("packed", "packed:text:1").expect("stored"));
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let observe = move |notice: &Notice<'_>| tell.lock().expect("no panic").push(format!("{notice:?}"));
    let reader = node(&store, |builder| encrypting(builder).observer(observe)).await;
    let loaded = reader.scope(async { assert_miss!(text(2)) }).await;
    assert!(loaded.is_some_and(|text| text.starts_with("the text of 2;")));
    assert_eq!(
        *told.lock().expect("no panic"),
        [
            "Unreadable { key: \"packed:text:2\", reason: \"not encrypted with a key of this cache for this entry, or altered\" }"
        ]
    );
}

#[tokio::test]
async fn s08_keys_are_rotated_without_losing_what_is_stored() {
    let store = MemoryStore::with_clock(Clock::manual());
    node(&store, encrypting).await.scope(text(1)).await;
    let rotated = |builder: Builder| builder.encrypt(Keyring::new(2, [2; 32]).reading(1, [1; 32]));
    let node_of_both = node(&store, rotated).await;
    node_of_both.scope(async { (assert_hit!(text(1)), assert_miss!(text(2))) }).await;
    let new_only = |builder: Builder| builder.encrypt(Keyring::new(2, [2; 32]));
    node(&store, new_only).await.scope(async { (assert_hit!(text(2)), assert_miss!(text(1))) }).await;
}
