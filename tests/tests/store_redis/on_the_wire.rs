//! What is sent, and what is left on the server.

use super::*;

/// W05.
#[test]
fn no_command_searches_the_key_space() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    // Valkey asks itself for its configuration when it starts.
    server.command(&["CONFIG", "RESETSTAT"]);
    run(async {
        let begun = begin(&store).await.expect("the server is up");
        commit(&store, &begun).await.expect("the server is up");
        read(&store).await.expect("the server is up");
        bump(&store).await.expect("the server is up");
        store.remove("test", &[name("k")]).await.expect("the server is up");
        store
            .put("test", Put { key: &name("k"), bytes: b"v", life_ms: 1_000, fence: None })
            .await
            .expect("the server is up");
        store.clear("test").await.expect("the server is up");
        lease_and_release(&store).await;
    });
    let known = [
        "client|setinfo",
        "client",
        "info",
        "evalsha",
        "script|load",
        "script",
        "get",
        "mget",
        "getrange",
        "set",
        "pttl",
        "pexpire",
        "persist",
        "del",
        "unlink",
        "publish",
        "zadd",
        "zrem",
        "zremrangebyscore",
        "exists",
        "time",
        "quit",
        "command",
        "config|resetstat",
        // As Redis 6.2 counts it.
        "config",
    ];
    for (command, _) in server.calls() {
        assert!(known.contains(&command.as_str()), "unexpected: {command}");
    }
}

#[test]
fn a_read_is_one_round_trip_of_one_command() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        read(&store).await.expect("the server is up");
        server.command(&["CONFIG", "RESETSTAT"]);
        for _ in 0..10 {
            read(&store).await.expect("the server is up");
        }
    });
    let calls: Vec<_> = server
        .calls()
        .into_iter()
        .filter(|(name, _)| !["quit", "config|resetstat", "config"].contains(&name.as_str()))
        .collect();
    assert_eq!(calls, [("mget".to_owned(), 10)]);
}

#[test]
fn what_several_entries_depend_on_is_asked_for_once() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        read(&store).await.expect("the server is up");
        server.command(&["CONFIG", "RESETSTAT"]);
        let keys: Vec<Key> = (0..50).map(|at| name(&format!("k{at}"))).collect();
        let dependencies = [name("d"), name("e")];
        let read = |key| Read { key, dependencies: &dependencies, want: Want::Whole };
        let reads: Vec<Read<'_>> = keys.iter().map(read).collect();
        store.read_many("test", &reads).await.expect("the server is up");
    });
    let stats = server.command(&["INFO", "stats"]);
    let count = |name: &str| -> u64 {
        let line = stats.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|count| count.trim().parse().ok()).expect("the server counts")
    };
    assert_eq!(count("keyspace_hits") + count("keyspace_misses"), 50 + 2 + 1, "entries, generations, meta");
}

/// W06.
#[test]
fn the_rights_that_the_reference_lists_suffice() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/store-layout.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let (_, rights) = page.split_once("\nACL SETUSER ").expect("it lists them");
    let rights = rights.split("```").next().unwrap_or_default().replace("prod", "test");
    let server = RedisServer::start();
    let words: Vec<&str> = ["ACL", "SETUSER"].into_iter().chain(rights.split_whitespace()).collect();
    assert_eq!(server.command(&words), "+OK");
    let store = patient(&server.url().replace("redis://", "redis://cache:password@"));
    run(async {
        let begun = begin(&store).await.expect("it may");
        commit(&store, &begun).await.expect("it may");
        read(&store).await.expect("it may");
        store.read("test", Read { key: &name("k"), dependencies: &[], want: Want::Head(8) }).await.expect("it may");
        store.bus().expect("it tells of its steps").listen("test").await.expect("it may");
        let tracking = store.clone().with_tracking().expect("one server can");
        tracking.bus().expect("it tells of its steps").listen("test").await.expect("it may");
        store.put("test", Put { key: &name("k"), bytes: b"v", life_ms: 1_000, fence: None }).await.expect("it may");
        store.remove("test", &[name("k")]).await.expect("it may");
        let announce = Announce { dependencies: &[name("d")], writer: 1, life_ms: 60_000 };
        store.announce("test", announce).await.expect("it may");
        assert!(begin(&store).await.expect("it may").is_dirty);
        store.settle("test", Settle { dependencies: &[name("d")], writer: 1 }).await.expect("it may");
        store.positions("test", &[Partition(0)]).await.expect("it may");
        lease_and_release(&store).await;
        bump(&store).await.expect("it may");
        store.clear("test").await.expect("it may");
        store.wait_for_replicas(1);
        let error =
            bump(&store.with_write_deadline(Duration::from_millis(200))).await.expect_err("there is no replica");
        assert!(matches!(error, StoreError::NotReplicated { .. }), "{error:?}");
    });
}

#[test]
fn everything_but_meta_and_count_expires() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("the server is up");
        commit(&store, &begun).await.expect("the server is up");
        bump(&store).await.expect("the server is up");
        begin_with(&store, 7).await.expect("the server is up");
    });
    for name in ["test:{p0}:g:d", "test:{p0}:e:k", "test:{p0}:f:k", "test:{p0}:l:k"] {
        let left = server.command(&["PTTL", name]);
        let left_ms: i64 = left.trim_start_matches(':').parse().expect("a number");
        // Not rounded up to whole seconds.
        assert!((1..=60_500).contains(&left_ms), "{name}: {left}");
    }
    assert_eq!(server.command(&["PTTL", "test:{p0}:m"]), ":-1");
    assert_eq!(server.command(&["PTTL", "test:{p0}:n"]), ":-1");
    assert_eq!(server.command(&["DBSIZE"]), ":6");
}

#[test]
fn a_lease_without_an_end_is_nobodys() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        begin_with(&store, 7).await.expect("the server is up");
        assert_eq!(server.command(&["PERSIST", "test:{p0}:l:k"]), ":1");
        assert_eq!(begin_with(&store, 8).await.expect("the server is up").leased, Leased::Taken);
    });
    assert_ne!(server.command(&["PTTL", "test:{p0}:l:k"]), ":-1");
}

#[test]
fn nothing_is_left_of_a_lease_and_it_is_small_while_it_lasts() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin_with(&store, 7).await.expect("the server is up");
        let bytes = server.command(&["MEMORY", "USAGE", "test:{p0}:l:k"]);
        let bytes: u64 = bytes.trim_start_matches(':').parse().expect("a number");
        assert!(bytes <= 120, "the reference says about 100 with its name: {bytes}");
        assert_eq!(commit_as(&store, &begun, Some(7)).await.expect("the server is up"), Verdict::Stored);
    });
    assert_eq!(server.command(&["EXISTS", "test:{p0}:l:k"]), ":0");
}

/// Every operation of a lease.
async fn lease_and_release(store: &RedisStore) {
    assert_eq!(begin_with(store, 7).await.expect("it may").leased, Leased::Taken);
    assert!(matches!(begin_with(store, 8).await.expect("it may").leased, Leased::Other { .. }));
    assert!(store.extend("test", &name("k"), Lease { holder: 7, life_ms: 60_500 }).await.expect("it may"));
    store.release("test", &name("k"), 7).await.expect("it may");
    let begun = begin_with(store, 9).await.expect("it may");
    assert_eq!(commit_as(store, &begun, Some(9)).await.expect("it may"), Verdict::Stored);
}

async fn begin_with(store: &RedisStore, holder: u64) -> Result<Begun, StoreError> {
    begin_for(store, Some(Lease { holder, life_ms: 60_500 })).await
}
