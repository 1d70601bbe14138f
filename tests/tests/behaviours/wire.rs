//! Entries between programs that differ: J06, S04, S11, S02.

use cache_runtime::{
    AnyCodec, Bincode, Cache, Clock, Json, MemoryStore, MessagePack, Postcard, assert_hit, assert_miss, cached,
};
use cache_tests::Source;

#[cached(key = "wire:row:<id>", ttl = 60)]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

async fn node(store: &MemoryStore, codec: impl Into<AnyCodec>) -> Cache {
    Cache::builder().clock(Clock::manual()).store(store.clone()).codec(codec).build().await.expect("coherent")
}

#[tokio::test]
async fn s04_another_codec_on_a_live_cache_is_a_miss() {
    let store = MemoryStore::new();
    let source = Source::new(7);
    let nodes = [
        node(&store, Bincode).await,
        node(&store, Postcard).await,
        node(&store, MessagePack).await,
        node(&store, Json).await,
    ];
    for node in &nodes {
        node.clone().scope(async { assert_miss!(row(&source, 1)) }).await;
    }
    assert_eq!(nodes.iter().map(|node| node.stats().unreadable).sum::<u64>(), 3);
}

#[tokio::test]
async fn s01_every_codec_serves_another_node_through_the_store() {
    for codec in [AnyCodec::Bincode, AnyCodec::Postcard, AnyCodec::MessagePack, AnyCodec::Json] {
        let store = MemoryStore::new();
        let source = Source::new(7);
        node(&store, codec).await.scope(async { assert_miss!(row(&source, 1)) }).await;
        node(&store, codec).await.scope(async { assert_hit!(row(&source, 1)) }).await;
    }
}

#[tokio::test]
async fn a_function_may_choose_its_codec() {
    #[cached(key = "wire:json:<id>", ttl = 60, codec = Json)]
    async fn in_json(id: u64) -> Vec<String> {
        vec![format!("member {id}")]
    }
    let store = MemoryStore::new();
    let cache = Cache::builder().store(store.clone()).namespace("json").build().await.expect("coherent");
    cache.scope(in_json(42)).await;
    let bytes = store.bytes("json", "wire:json:42").expect("stored");
    assert!(bytes.ends_with(br#"["member 42"]"#));
}

mod before {
    #[cache_runtime::cached(key = "wire:versioned:<id>", ttl = 60, name = "wire-before")]
    pub(super) async fn versioned(id: u64) -> u64 {
        id
    }
}

mod after {
    #[cache_runtime::cached(key = "wire:versioned:<id>", ttl = 60, version = 1, name = "wire-after")]
    pub(super) async fn versioned(id: u64) -> u64 {
        id + 1
    }
}

#[tokio::test]
async fn j06_s11_another_version_of_the_value_is_a_miss_and_ends_nothing() {
    let store = MemoryStore::new();
    let (old, new) = (node(&store, Bincode).await, node(&store, Bincode).await);
    assert_eq!(old.clone().scope(async { assert_miss!(before::versioned(1)) }).await, 1);
    assert_eq!(new.clone().scope(async { assert_miss!(after::versioned(1)) }).await, 2);
    let again = node(&store, Bincode).await;
    assert_eq!(again.scope(async { assert_hit!(before::versioned(1)) }).await, 1);
    let again = node(&store, Bincode).await;
    assert_eq!(again.scope(async { assert_hit!(after::versioned(1)) }).await, 2);
}
