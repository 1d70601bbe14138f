//! The whole way over a real Redis: two nodes, restarts, a server that is away.

use cache_runtime::{Builder, Cache, Clock, Event, RedisStore, Tier, assert_hit, assert_miss, cached, observe};
use cache_tests::{RedisServer, Source};
use std::time::{Duration, Instant};

#[cached(key = "redis:row:<id>", ttl = 60, invalidate_on = ["redis_row_changed"])]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

async fn node(server: &RedisServer, clock: &Clock) -> Cache {
    let store = RedisStore::connect(&server.url()).await.expect("it runs");
    let store = store.with_read_deadline(Duration::from_secs(5)).with_write_deadline(Duration::from_secs(5));
    Cache::builder().clock(clock.clone()).store(store).namespace("nodes").build().await.expect("coherent")
}

#[tokio::test]
async fn two_nodes_share_entries_and_invalidations_within_the_bound() {
    let (server, clock) = (RedisServer::start(), Clock::manual());
    let (first, second) = (node(&server, &clock).await, node(&server, &clock).await);
    let source = Source::new(1);
    first.clone().scope(row(&source, 1)).await;
    let (_, outcome) = second.clone().scope(observe(row(&source, 1))).await;
    assert_eq!(outcome.map(|outcome| outcome.tier), Some(Tier::L2));
    source.write(2);
    first.emit(Event::new("redis_row_changed").field("id", 1)).await.expect("acknowledged");
    assert_eq!(first.clone().scope(row(&source, 1)).await, 2, "at once where it was emitted");
    clock.advance(Duration::from_secs(1));
    assert_eq!(second.scope(row(&source, 1)).await, 2, "after max_staleness everywhere");
}

#[tokio::test]
async fn k02_a_load_on_one_node_does_not_bring_back_what_another_invalidated() {
    let (server, clock) = (RedisServer::start(), Clock::manual());
    let (first, second) = (node(&server, &clock).await, node(&server, &clock).await);
    let source = Source::new(1);
    let gate = source.hold();
    let (of_load, of_source) = (first.clone(), source.clone());
    let load = tokio::spawn(async move { of_load.scope(row(&of_source, 1)).await });
    gate.reached().await;
    source.write(2);
    second.emit(Event::new("redis_row_changed").field("id", 1)).await.expect("acknowledged");
    gate.release();
    assert_eq!(load.await.expect("served"), 1);
    assert_eq!(second.scope(row(&source, 1)).await, 2);
    assert_eq!(first.scope(row(&source, 1)).await, 2);
}

#[tokio::test]
async fn an_entry_in_memory_is_found_valid_again_by_one_question() {
    let (server, clock) = (RedisServer::start(), Clock::manual());
    let cache = node(&server, &clock).await;
    let source = Source::new(1);
    cache.clone().scope(row(&source, 1)).await;
    clock.advance(Duration::from_secs(2));
    cache.clone().scope(async { assert_hit!(row(&source, 1)) }).await;
    cache.clone().scope(async { assert_hit!(row(&source, 1)) }).await;
    let stats = cache.stats();
    assert_eq!((stats.revalidated, stats.l1_hits, stats.l2_hits), (1, 2, 0));
}

#[tokio::test]
async fn a_removal_on_another_node_is_noticed_within_the_bound() {
    let (server, clock) = (RedisServer::start(), Clock::manual());
    let (first, second) = (node(&server, &clock).await, node(&server, &clock).await);
    let source = Source::new(1);
    for node in [&first, &second] {
        node.clone().scope(row(&source, 1)).await;
    }
    source.write(2);
    first.remove("redis:row:1").await.expect("acknowledged");
    clock.advance(Duration::from_secs(1));
    assert_eq!(second.scope(row(&source, 1)).await, 2);
}

#[tokio::test]
async fn a_server_that_restarts_empty_costs_loads_and_nothing_else() {
    let (mut server, clock) = (RedisServer::start(), Clock::manual());
    let cache = node(&server, &clock).await;
    let source = Source::new(1);
    cache.clone().scope(row(&source, 1)).await;
    source.write(2);
    server.restart_empty();
    clock.advance(Duration::from_secs(1));
    assert_eq!(cache.clone().scope(row(&source, 1)).await, 2);
    let recovered = Instant::now();
    while cache.clone().scope(observe(row(&source, 1))).await.1.is_none_or(|outcome| !outcome.is_hit()) {
        assert!(recovered.elapsed() < Duration::from_secs(60), "it heals by itself");
        clock.advance(Duration::from_millis(1));
    }
}

#[tokio::test]
async fn y13_a_service_starts_and_answers_while_redis_is_away() {
    let mut server = RedisServer::start();
    let url = server.url();
    server.kill();
    let builder = Builder::from_variables([("REDIS_URL".to_owned(), url)]).expect("well-formed");
    let cache = builder.build().await.expect("it starts all the same");
    let source = Source::new(1);
    let began = Instant::now();
    for id in 0..5 {
        assert_eq!(cache.clone().scope(row(&source, id)).await, 1);
    }
    assert!(began.elapsed() < Duration::from_secs(30), "within the deadlines of the store");
    assert!(cache.stats().store_errors > 0);
    cache.emit(Event::new("redis_row_changed").field("id", 1)).await.expect_err("it says that it could not");
    cache.scope(async { assert_miss!(row(&source, 99)) }).await;
}
