//! What stands behind a tag, and what it costs: L06, L07, L14, L20, L23.

use cache_runtime::testing::{FaultyStore, Operation};
use cache_runtime::{Cache, Clock, RedisStore, Tier, assert_hit, cached, observe};
use cache_tests::{BOUND, RedisServer, Source, on_nodes, on_nodes_with, on_stores};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "generations:row:<id>", ttl = 600, tags = ["generations:rows"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "generations:plain:<id>", ttl = 600)]
async fn plain(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(
    key = "generations:tagged:<id>",
    ttl = 600,
    tags = ["a:<id>", "b:<id>", "c:<id>", "d:<id>", "e:<id>", "f:<id>", "g:<id>", "h:<id>", "i:<id>", "j:<id>"]
)]
async fn tagged(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// No stamp is a time.
#[tokio::test]
async fn l06_a_tag_is_invalidated_by_whatever_clock() {
    let clocks = [Clock::manual(), Clock::manual(), Clock::manual()];
    clocks[1].advance(Duration::from_secs(10));
    clocks[2].advance(Duration::from_secs(20));
    on_nodes_with(
        clocks,
        |builder| builder,
        async |nodes: [_; 3]| {
            let source = Source::new(0);
            for (at, invalidating) in nodes.iter().enumerate() {
                for node in &nodes {
                    node.run(row(source.clone(), 1)).await;
                }
                let (version, reads) = (at as u64 + 1, source.reads());
                source.write(version);
                invalidating.cache().invalidate_tag("generations:rows").await.expect("acknowledged");
                // The first of them to ask loads; for the others its entry is valid.
                for node in &nodes {
                    node.clock().advance(BOUND);
                    assert_eq!(node.run(row(source.clone(), 1)).await, version);
                }
                assert_eq!(source.reads(), reads + 1, "node {at}");
            }
        },
    )
    .await;
}

/// Memory may go on for as long as its lease: nothing has been invalidated.
#[tokio::test]
async fn l07_an_entry_whose_tag_was_evicted_is_a_miss() {
    on_stores(async |shelf| {
        let (filler, cold, source) = (shelf.node().await, shelf.node().await, Source::new(1));
        filler.clone().scope(row(source.clone(), 1)).await;
        shelf.evict("tag:generations:rows");
        cold.scope(row(source.clone(), 1)).await;
        assert_eq!(source.reads(), 2);
        shelf.evict("tag:generations:rows");
        filler.clock().advance(Duration::from_secs(1));
        filler.scope(row(source.clone(), 1)).await;
        assert_eq!(source.reads(), 3);
    })
    .await;
}

/// There is no switch for tags: who has none pays nothing for them. The generations of ten are read with the entry.
#[tokio::test]
async fn l14_l20_tags_cost_no_round_trip() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        a.run(plain(source.clone(), 1)).await;
        a.run(tagged(source.clone(), 1)).await;
        // The first use of a namespace is a question more.
        b.run(row(source.clone(), 1)).await;
        let calls = b.store().all_calls();
        let (_, found) = b.run(observe(plain(source.clone(), 1))).await;
        assert_eq!((found.map(|found| found.tier), b.store().all_calls()), (Some(Tier::L2), calls + 1));
        let (_, found) = b.run(observe(tagged(source.clone(), 1))).await;
        assert_eq!((found.map(|found| found.tier), b.store().all_calls()), (Some(Tier::L2), calls + 2));
        b.run(async { assert_hit!(plain(source.clone(), 1)) }).await;
        b.run(async { assert_hit!(tagged(source.clone(), 1)) }).await;
        assert_eq!(b.store().all_calls(), calls + 2, "in memory nobody is asked");
    })
    .await;
}

#[tokio::test]
async fn l14_and_one_command_to_the_server() {
    let (server, clock) = (RedisServer::start(), Clock::manual());
    let store = RedisStore::connect(&server.url()).await.expect("it runs");
    let store = store.with_read_deadline(Duration::from_secs(5)).with_write_deadline(Duration::from_secs(5));
    // Nobody listens through this store, whose heartbeats would be counted.
    let silent = FaultyStore::new(store);
    silent.break_bus(true);
    let node = || Cache::builder().clock(clock.clone()).store(silent.clone()).build();
    let (filler, reader) = (node().await.expect("coherent"), node().await.expect("coherent"));
    let source = Source::new(1);
    filler.scope(tagged(source.clone(), 1)).await;
    let count = || server.calls().into_iter().filter(|(name, _)| name != "info").map(|(_, calls)| calls).sum::<u64>();
    // What this asks is counted itself: a question and a farewell.
    let (first, second) = (count(), count());
    reader.scope(tagged(source.clone(), 1)).await;
    assert_eq!(count() - second, second - first + 1);
    assert_eq!(silent.calls(Operation::Begin), 1);
}

/// Loading another entry of a tag prolongs what stands behind it, and raises nothing.
#[tokio::test]
async fn l23_loading_one_entry_of_a_tag_ends_no_other() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        a.run(row(source.clone(), 1)).await;
        for id in 2..30 {
            b.run(row(source.clone(), id)).await;
            b.clock().advance(Duration::from_secs(1));
        }
        a.run(async { assert_hit!(row(source.clone(), 1)) }).await;
        b.run(async { assert_hit!(row(source.clone(), 1)) }).await;
        // One that was evicted comes back with what stands now: older entries are loaded once more, and no newer one is.
        assert_eq!(source.reads(), 29);
    })
    .await;
}
