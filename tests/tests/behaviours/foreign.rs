//! What is done to entries by somebody who does not know the protocol: N17, N19, over a Redis that tracks them; and N06.

use cache_runtime::testing::Node;
use cache_runtime::{Cache, Clock, RedisStore, assert_hit, cached};
use cache_tests::{RedisServer, Source, eventually, eventually_is};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "foreign:row:<id>", ttl = 600, tags = ["foreign"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// Two nodes whose clock stands still: nothing but what they hear ends what they have in memory.
async fn nodes(server: &RedisServer, tracks: bool) -> [Cache; 2] {
    let clock = Clock::manual();
    let node = async || {
        let store = RedisStore::connect(&server.url()).await.expect("it runs");
        let store = store.with_read_deadline(Duration::from_secs(5)).with_write_deadline(Duration::from_secs(5));
        let store = if tracks { store.with_tracking().expect("one server can") } else { store };
        Cache::builder().clock(clock.clone()).store(store).namespace("f").build().await.expect("coherent")
    };
    let nodes = [node().await, node().await];
    eventually(|| nodes.iter().all(|node| node.stats().is_listening)).await;
    nodes
}

async fn read(node: &Cache, source: &Arc<Source>) -> u64 {
    node.clone().scope(row(source.clone(), 1)).await
}

/// Reads until nothing is asked for any more: what nodes store themselves is told as well.
async fn warm(nodes: &[Cache], source: &Arc<Source>, version: u64) {
    for node in nodes {
        let quiet = async || {
            assert_eq!(read(node, source).await, version);
            let hits = node.stats().l1_hits;
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(1)).await;
                read(node, source).await;
            }
            node.stats().l1_hits == hits + 20
        };
        eventually_is(quiet).await;
    }
}

#[tokio::test]
async fn n17_what_is_deleted_or_written_by_hand_is_gone_from_every_memory() {
    let server = RedisServer::start();
    let nodes = nodes(&server, true).await;
    let source = Source::new(1);
    for (version, command) in [
        (2, &["DEL", "f:{p0}:e:foreign:row:1"][..]),
        (3, &["SET", "f:{p0}:e:foreign:row:1", "whatever"]),
        (4, &["EXPIRE", "f:{p0}:e:foreign:row:1", "0"]),
        (5, &["RENAME", "f:{p0}:e:foreign:row:1", "elsewhere"]),
    ] {
        warm(&nodes, &source, version - 1).await;
        source.write(version);
        server.command(command);
        for node in &nodes {
            eventually_is(async || read(node, &source).await == version).await;
        }
    }
    assert_eq!(nodes.iter().map(|node| node.stats().gaps).sum::<u64>(), 0);
}

/// A load invalidates nothing, so that it is announced to nobody; but who is told of entries reads the newer one.
#[tokio::test]
async fn n06_what_one_node_loads_anew_reaches_the_memory_of_another() {
    let server = RedisServer::start();
    let [a, b] = nodes(&server, true).await;
    let source = Source::new(1);
    warm(std::slice::from_ref(&b), &source, 1).await;
    source.write(2);
    a.scope(row_refresh(source.clone(), 1)).await;
    eventually_is(async || read(&b, &source).await == 2).await;
    assert_eq!(source.reads(), 2, "it was read from the store");
}

#[tokio::test]
async fn n19_a_flush_is_noticed() {
    let server = RedisServer::start();
    let nodes = nodes(&server, true).await;
    let source = Source::new(0);
    for (version, command) in [(1, "FLUSHALL"), (2, "FLUSHDB")] {
        warm(&nodes, &source, version - 1).await;
        source.write(version);
        server.command(&[command]);
        for node in &nodes {
            eventually_is(async || read(node, &source).await == version).await;
        }
    }
}

#[tokio::test]
async fn what_was_done_while_nobody_listened_is_asked_about() {
    let server = RedisServer::start();
    let nodes = nodes(&server, true).await;
    let source = Source::new(1);
    warm(&nodes, &source, 1).await;
    source.write(2);
    let lost = nodes.each_ref().map(|node| node.stats().feeds_lost);
    server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    server.command(&["DEL", "f:{p0}:e:foreign:row:1"]);
    eventually(|| nodes.iter().zip(lost).all(|(node, lost)| node.stats().feeds_lost > lost)).await;
    for node in &nodes {
        eventually_is(async || read(node, &source).await == 2).await;
    }
}

/// The invalidations of nodes are heard over the same connection.
#[tokio::test]
async fn steps_are_heard_by_who_tracks_as_well() {
    let server = RedisServer::start();
    let [a, b] = nodes(&server, true).await;
    let source = Source::new(1);
    warm(std::slice::from_ref(&b), &source, 1).await;
    source.write(2);
    a.invalidate_tag("foreign").await.expect("acknowledged");
    eventually_is(async || read(&b, &source).await == 2).await;
    assert!(b.stats().messages > 0);
}

#[tokio::test]
async fn without_tracking_memory_goes_on_until_it_asks() {
    let server = RedisServer::start();
    let [node, _] = nodes(&server, false).await;
    let source = Source::new(1);
    warm(std::slice::from_ref(&node), &source, 1).await;
    source.write(2);
    server.command(&["DEL", "f:{p0}:e:foreign:row:1"]);
    Node::settle().await;
    node.clone().scope(async { assert_hit!(row(source.clone(), 1)) }).await;
    node.clock().advance(Duration::from_secs(1));
    assert_eq!(read(&node, &source).await, 2);
}
