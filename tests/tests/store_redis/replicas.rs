//! A primary with a replica: invalidations that wait for it, and sentinels that put it in the primary's place.

use super::*;

/// What sentinels call the primary.
pub(super) const PRIMARY: &str = "main";

#[test]
fn an_invalidation_that_no_replica_has_is_not_acknowledged() {
    let (primary, replica) = pair();
    let store = RedisStore::lazy(&primary.url()).expect("the address parses");
    let store = store.with_write_deadline(Duration::from_secs(1));
    run(async {
        assert!(store.wait_for_replicas(1));
        at_last(async || bump(&store).await).await;
        assert_eq!(replica.command(&["EXISTS", "test:{p0}:m"]), ":1");
        replica.pause();
        let began = Instant::now();
        let error = bump(&store).await.expect_err("the replica is frozen");
        assert!(matches!(error, StoreError::NotReplicated { wanted: 1, .. }), "{error:?}");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        replica.resume();
        at_last(async || store.clear("test").await).await;
        store.wait_for_replicas(2);
        let error = store.remove("test", &[name("k")]).await.expect_err("there is one replica");
        assert!(matches!(error, StoreError::NotReplicated { wanted: 2, .. }), "{error:?}");
        store.wait_for_replicas(0);
        at_last(async || bump(&store).await).await;
    });
}

#[test]
fn what_waits_for_replicas_holds_nothing_else_up() {
    let (primary, replica) = pair();
    let store = patient(&primary.url()).with_write_deadline(Duration::from_secs(2));
    store.wait_for_replicas(1);
    run(async {
        at_last(async || bump(&store).await).await;
        replica.pause();
        let waiting = tokio::spawn({
            let store = store.clone();
            async move { bump(&store).await }
        });
        for _ in 0..10 {
            read(&store).await.expect("the server is up");
            begin(&store).await.expect("the server is up");
        }
        assert!(!waiting.is_finished());
        replica.resume();
        waiting.await.expect("it does not panic").expect("the replica has it by now");
    });
}

#[test]
fn a_failover_by_sentinels_is_followed() {
    let (mut primary, replica) = pair();
    let sentinel = sentinel_of(&primary);
    let store = RedisStore::lazy(&format!("redis+sentinel://127.0.0.1:{}/{PRIMARY}", sentinel.port()));
    let store = store.expect("the address parses");
    run(async {
        let begun = at_last(async || begin(&store).await).await;
        let mut feed = store.bus().expect("it tells of its steps").listen("test").await.expect("the server is up");
        primary.kill();
        assert!(feed.next().await.is_err());
        let anew = at_last(async || begin(&store).await).await;
        assert_ne!(anew.stamps[0].1.epoch, begun.stamps[0].1.epoch);
        assert_eq!(at_last(async || commit(&store, &begun).await).await, Verdict::Forgotten);
        assert!(replica.command(&["INFO", "replication"]).contains("role:master"));
    });
}

#[test]
fn a_switch_by_sentinels_is_followed() {
    let (primary, replica) = pair();
    let sentinel = sentinel_of(&primary);
    let store = RedisStore::lazy(&format!("redis+sentinel://127.0.0.1:{}/{PRIMARY}", sentinel.port()));
    let store = store.expect("the address parses");
    run(async {
        let begun = at_last(async || begin(&store).await).await;
        // At first it knows too little of the replica.
        at_last(async || done_if(sentinel.command(&["SENTINEL", "FAILOVER", PRIMARY]) == "+OK")).await;
        at_last(async || done_if(begin(&store).await?.stamps[0].1.epoch != begun.stamps[0].1.epoch)).await;
        assert!(replica.command(&["INFO", "replication"]).contains("role:master"));
    });
}

#[test]
fn a_primary_that_sentinels_do_not_know_is_said() {
    let server = RedisServer::start();
    let sentinel = sentinel_of(&server);
    let url = format!("redis+sentinel://:hunter2@127.0.0.1:{}/other", sentinel.port());
    let error = run(RedisStore::connect(&url)).expect_err("it is not watched over");
    assert!(error.to_string().contains("no primary of this name"), "{error}");
    assert!(!all_of(&error).contains("hunter2"));
}

fn pair() -> (RedisServer, RedisServer) {
    let primary = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]);
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &primary.port().to_string()]);
    until(|| replica.command(&["INFO", "replication"]).contains("master_link_status:up"));
    (primary, replica)
}

/// One that decides alone, and soon.
fn sentinel_of(primary: &RedisServer) -> RedisServer {
    let sentinel = RedisServer::start_with(&["--sentinel"]);
    is_watched(&sentinel, primary.port());
    let has_replicas = primary.command(&["INFO", "replication"]).contains("slave0:");
    until(|| !has_replicas || sentinel.command(&["SENTINEL", "REPLICAS", PRIMARY]).starts_with("*1"));
    sentinel
}

/// Has a sentinel watch over the primary at a port, and decide alone, and soon.
pub(super) fn is_watched(sentinel: &RedisServer, port: u16) {
    let port = port.to_string();
    for words in [
        &["SENTINEL", "MONITOR", PRIMARY, "127.0.0.1", &port, "1"][..],
        &["SENTINEL", "SET", PRIMARY, "down-after-milliseconds", "500"],
        &["SENTINEL", "SET", PRIMARY, "failover-timeout", "2000"],
    ] {
        assert_eq!(sentinel.command(words), "+OK");
    }
}

fn until(holds: impl Fn() -> bool) {
    run(at_last(async || done_if(holds())));
}

fn done_if(holds: bool) -> Result<(), StoreError> {
    if holds { Ok(()) } else { Err(StoreError::Timeout { store: "test", waited: Duration::ZERO }) }
}
