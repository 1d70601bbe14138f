//! Bad input and bad luck, over a real Redis: each is refused or survived and counted, never obeyed blindly.
//!
//! Elsewhere: 10,000 tags and an event of 10,000 ids in `unhappy.rs`, names with separators and NUL in the stores' suite,
//! keys of another type in `tests/tests/store_redis/refusing.rs`.

use cache_runtime::{Cache, Clock, MemoryStore, RedisStore, assert_hit, assert_miss, cached};
use cache_tests::{RedisServer, Source, eventually};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "odd:row:<id>", ttl = 600, tags = ["odd"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

async fn node(server: &RedisServer) -> Cache {
    let store = RedisStore::connect(&server.url()).await.expect("it runs");
    let store = store.with_read_deadline(Duration::from_secs(5)).with_write_deadline(Duration::from_secs(5));
    let cache = Cache::builder().clock(Clock::manual()).store(store).namespace("o").build().await.expect("coherent");
    eventually(|| cache.stats().is_listening).await;
    cache
}

#[tokio::test]
async fn a_message_of_an_unknown_version_is_counted_and_ends_nothing() {
    let server = RedisServer::start();
    let cache = node(&server).await;
    let source = Source::new(1);
    cache.clone().scope(row(source.clone(), 1)).await;
    for nonsense in ["CRM2 0000000000000001:1 3:odd", "CRM1 ", "", "\u{1f980}\0"] {
        let unread = cache.stats().messages_unread;
        assert_eq!(server.command(&["PUBLISH", "o:{p0}:ev", nonsense]), ":1");
        eventually(|| cache.stats().messages_unread == unread + 1).await;
    }
    cache.scope(async { assert_hit!(row(source.clone(), 1)) }).await;
}

/// It makes memory doubt, since it may be true, and is found out by the next question.
#[tokio::test]
async fn a_message_that_somebody_made_up_costs_a_question() {
    let server = RedisServer::start();
    let cache = node(&server).await;
    let source = Source::new(1);
    cache.clone().scope(row(source.clone(), 1)).await;
    let messages = cache.stats().messages;
    server.command(&["PUBLISH", "o:{p0}:ev", "CRM1 00000000000000ff:7 7:tag:odd"]);
    eventually(|| cache.stats().messages > messages).await;
    cache.clone().scope(async { assert_hit!(row(source.clone(), 1)) }).await;
    assert_eq!((source.reads(), cache.stats().revalidated), (1, 1));
}

#[tokio::test]
async fn a_sequence_that_jumps_back_is_noticed_and_memory_trusts_nothing_from_before_it() {
    let server = RedisServer::start();
    let cache = node(&server).await;
    let source = Source::new(1);
    for _ in 0..5 {
        cache.invalidate_tag("odd").await.expect("acknowledged");
    }
    cache.clone().scope(row(source.clone(), 1)).await;
    let meta = server.command(&["GET", "o:{p0}:m"]);
    let (epoch, rest) = meta.lines().last().and_then(|meta| meta.split_once(':')).expect("it has a history");
    let (_, incarnation) = rest.split_once(':').expect("and was written by this server");
    server.command(&["SET", "o:{p0}:m", &format!("{epoch}:1:{incarnation}")]);
    cache.clone().scope(async { assert_hit!(row(source.clone(), 1)) }).await;
    let found = cache.stats().l2_hits;
    // The next answer shows it, and ends all that memory knew.
    assert_eq!(cache.get::<u64>("odd:something").await, None);
    cache.clone().scope(row(source.clone(), 1)).await;
    assert_eq!((source.reads(), cache.stats().l2_hits), (1, found + 1), "the store was asked");
    assert_eq!(cache.stats().histories_lost, 1);
    source.write(2);
    cache.clear().await.expect("acknowledged");
    assert_eq!(cache.scope(row(source.clone(), 1)).await, 2);
}

#[tokio::test]
async fn a_meta_that_is_nonsense_begins_a_new_history() {
    let server = RedisServer::start();
    let cache = node(&server).await;
    let source = Source::new(1);
    for nonsense in ["", "::", "zz:1:x", "0000000000000001:99999999999999999999:x", "\0"] {
        source.write(source.write_next() + 1);
        server.command(&["SET", "o:{p0}:m", nonsense]);
        cache.invalidate_tag("odd").await.expect("acknowledged");
        cache.clock().advance(Duration::from_secs(1));
        let version = cache.clone().scope(async { assert_miss!(row(source.clone(), 1)) }).await;
        assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, version);
    }
    // The first was begun anew before this node knew of any.
    assert_eq!(cache.stats().histories_lost, 4);
}

/// It decides when what it keeps expires, and nothing else.
#[tokio::test]
async fn a_store_whose_time_is_wrong_costs_loads_and_serves_nothing_old() {
    let (clock, of_the_store) = (Clock::manual(), Clock::manual());
    of_the_store.advance(Duration::from_secs(3_600));
    let store = MemoryStore::with_clock(of_the_store.clone());
    let node = || Cache::builder().clock(clock.clone()).store(store.clone()).build();
    let (here, there) = (node().await.expect("coherent"), node().await.expect("coherent"));
    let source = Source::new(0);
    for round in 1..20_u64 {
        here.clone().scope(row(source.clone(), 1)).await;
        there.clone().scope(row(source.clone(), 1)).await;
        // By leaps, while the nodes' clock goes on as it should.
        of_the_store.advance(Duration::from_secs(round * 60));
        source.write(round);
        here.invalidate_tag("odd").await.expect("acknowledged");
        assert_eq!(here.clone().scope(row(source.clone(), 1)).await, round);
        clock.advance(Duration::from_secs(1));
        assert_eq!(there.clone().scope(row(source.clone(), 1)).await, round);
        clock.advance(Duration::from_secs(599));
        there.clone().scope(async { assert_miss!(row(source.clone(), 1)) }).await;
    }
}
