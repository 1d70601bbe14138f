//! W04: a server that answers with errors. Each is told to the caller, who is served by the source; none of them stays.

use super::*;

#[test]
fn a_full_server_refuses_entries_and_takes_invalidations() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("there is room");
        server.command(&["CONFIG", "SET", "maxmemory", "1"]);
        let error = commit(&store, &begun).await.expect_err("there is no room");
        assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains("OOM"), "{error:?}");
        assert!(matches!(begin(&store).await, Err(StoreError::Refused { .. }) | Ok(_)));
        let put = Put { key: &name("k"), bytes: b"v", life_ms: 1_000, fence: None };
        assert!(matches!(store.put("test", put).await, Err(StoreError::Refused { .. })));
        bump(&store).await.expect("a generation is overwritten");
        store.remove("test", &[name("k")]).await.expect("an entry is removed");
        store.clear("test").await.expect("a meta is overwritten");
        server.command(&["CONFIG", "SET", "maxmemory", "0"]);
        assert_eq!(commit(&store, &begun).await.expect("there is room"), Verdict::Forgotten);
    });
}

#[test]
fn a_replica_refuses() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("it is a primary");
        server.command(&["REPLICAOF", "127.0.0.1", "1"]);
        let error = commit(&store, &begun).await.expect_err("it is a replica");
        assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains("READONLY"), "{error:?}");
        server.command(&["REPLICAOF", "NO", "ONE"]);
        assert_eq!(
            commit(&store, &begun).await.expect("it is a primary"),
            Verdict::Forgotten,
            "as a primary it is another"
        );
    });
}

#[test]
fn a_key_of_another_type_is_refused_by_name() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        server.command(&["LPUSH", "test:{p0}:m", "x"]);
        let error = begin(&store).await.expect_err("the meta is a list");
        assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains("WRONGTYPE"), "{error:?}");
    });
}

/// Whatever is asked is refused with this code.
async fn is_refused(store: &RedisStore, code: &str) {
    for error in [read(store).await.map(drop), begin(store).await.map(drop), bump(store).await.map(drop)] {
        let error = error.expect_err("it refuses");
        assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains(code), "{error:?}");
    }
}

/// A script of somebody else's holds it up.
#[test]
fn a_server_that_is_busy_refuses_until_it_is_not() {
    let server = RedisServer::start_with(&["--lua-time-limit", "10"]);
    let (store, runtime) = (patient(&server.url()), tokio::runtime::Runtime::new().expect("a runtime can be made"));
    let begun = runtime.block_on(begin(&store)).expect("it is not busy");
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| server.command(&["EVAL", "while true do end", "0"]));
        at_last_blocking(|| server.command(&["PING"]).starts_with("-BUSY"));
        runtime.block_on(is_refused(&store, "BUSY"));
        kill_script(&server);
        busy.join().expect("it was answered");
    });
    let verdict = runtime.block_on(at_last(async || commit(&store, &begun).await));
    assert_eq!(verdict, Verdict::Stored, "it has forgotten nothing");
}

/// On a connection that stays: a server that comes out of a script may forget to answer one that we have closed our half of.
fn kill_script(server: &RedisServer) {
    use cache_runtime::store::redis::client::{Client, cmd};
    let client = Client::open(server.url()).expect("the address parses");
    let mut connection = client.get_connection().expect("the server accepts");
    cmd("SCRIPT").arg("KILL").exec(&mut connection).expect("there is one to kill");
}

#[test]
fn a_server_that_loads_its_snapshot_refuses_until_it_has() {
    // Microseconds for each key, and so many bytes between two looks at its clients: fewer than a key has.
    let slowly = ["--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024"];
    let mut server = RedisServer::start_with(&[&slowly[..], &["--rdbcompression", "no"]].concat());
    for at in 0..400 {
        server.command(&["SET", &format!("filler:{at}"), &"x".repeat(1_100)]);
    }
    let snapshot = server.snapshot();
    let store = patient(&server.url());
    server.restart_from(&snapshot);
    run(async {
        assert!(server.command(&["PING"]).starts_with("-LOADING"), "it takes its time");
        is_refused(&store, "LOADING").await;
        at_last(async || begin(&store).await).await;
    });
}

#[test]
fn a_user_without_rights_is_refused_by_what_is_missing() {
    let server = RedisServer::start();
    server.command(&["ACL", "SETUSER", "reader", "on", ">secret", "~*", "&*", "+@connection", "+info", "+mget"]);
    let store = patient(&server.url().replace("redis://", "redis://reader:secret@"));
    run(async {
        is_refused(&store, "NOPERM").await;
        server.command(&["ACL", "SETUSER", "reader", "+@all"]);
        begin(&store).await.expect("it may");
    });
}

#[test]
fn a_primary_without_the_replicas_it_was_told_to_have_refuses_writes_and_answers_reads() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("it takes writes");
        server.command(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
        let error = commit(&store, &begun).await.expect_err("it has no replica");
        assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains("NOREPLICAS"), "{error:?}");
        assert!(read(&store).await.expect("it answers reads").entry.is_none());
        server.command(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
        assert_eq!(commit(&store, &begun).await.expect("it takes writes"), Verdict::Stored);
    });
}

#[test]
fn a_replica_that_has_lost_its_primary_refuses() {
    let server = RedisServer::start_with(&["--replica-serve-stale-data", "no"]);
    server.command(&["REPLICAOF", "127.0.0.1", &RedisServer::unused_port().to_string()]);
    let store = patient(&server.url());
    run(async {
        is_refused(&store, "MASTERDOWN").await;
        server.command(&["REPLICAOF", "NO", "ONE"]);
        at_last(async || begin(&store).await).await;
    });
}

#[test]
fn a_node_of_a_cluster_without_slots_refuses() {
    let server = RedisServer::start_with(&["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"]);
    run(is_refused(&patient(&server.url()), "CLUSTERDOWN"));
}

fn at_last_blocking(holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < SOON, "not within {SOON:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
