//! Who listens to a store that tracks its entries: W08, and what comes of it where tracking is not offered.

use super::*;
use cache_runtime::bus::{Feed, Heard};

mod suite_with_tracking {
    use super::*;

    cache_runtime::store_suite!(in_turn async {
        let server = RedisServer::start();
        let store = patient(&server.url()).with_tracking().expect("one server can");
        // It ends with the process.
        std::mem::forget(server);
        store
    });
}

async fn tracked(server: &RedisServer) -> Box<dyn Feed> {
    let store = patient(&server.url()).with_tracking().expect("one server can");
    store.bus().expect("it tells of its steps").listen("test").await.expect("the server is up")
}

async fn next(feed: &mut dyn Feed) -> Heard {
    let heard = tokio::time::timeout(Duration::from_secs(20), feed.next()).await;
    heard.expect("something is told within 20 s").expect("the connection holds")
}

#[test]
fn what_is_done_to_an_entry_is_told_by_its_key() {
    let server = RedisServer::start();
    run(async {
        let mut feed = tracked(&server).await;
        assert_eq!(next(&mut *feed).await, Heard::Flushed, "what was done before");
        for (command, name) in [("SET", "k"), ("SET", "é:\0"), ("SET", "")] {
            server.command(&[command, &format!("test:{{p0}}:e:{name}"), "x"]);
            assert_eq!(next(&mut *feed).await, Heard::Changed { key: name.to_owned() });
        }
        // Neither what is no entry nor another namespace's.
        server.command(&["SET", "test:{p0}:g:d", "x"]);
        server.command(&["SET", "tests:{p0}:e:k", "x"]);
        server.command(&["SET", "test", "x"]);
        server.command(&["DEL", "test:{p0}:e:k"]);
        assert_eq!(next(&mut *feed).await, Heard::Changed { key: "k".to_owned() });
        server.command(&["FLUSHALL"]);
        assert_eq!(next(&mut *feed).await, Heard::Flushed);
    });
}

/// As one that is older than 6.0, and some proxies.
#[test]
fn a_server_that_does_not_speak_resp3_is_said() {
    run(async {
        let store = patient(&format!("redis://{}", unreachable::quoting_server("HELLO")));
        let bus = store.with_tracking().expect("one server can").bus().expect("it tells of its steps");
        let Err(error) = bus.listen("test").await else { panic!("it does not speak RESP3") };
        assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains("HELLO"), "{error}");
    });
}

#[test]
fn a_cluster_does_not_track() {
    let store = RedisStore::lazy("redis+cluster://127.0.0.1:1").expect("the address parses");
    let error = store.with_tracking().expect_err("it is a cluster");
    assert!(matches!(&error, StoreError::Address { problem } if problem.contains("with_tracking")), "{error}");
}
