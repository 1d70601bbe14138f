//! What is sent, and what is left on the server.

use super::*;

#[test]
fn no_command_searches_the_key_space() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("the server is up");
        commit(&store, &begun).await.expect("the server is up");
        read(&store).await.expect("the server is up");
        bump(&store).await.expect("the server is up");
        store.remove("test", &[name("k")]).await.expect("the server is up");
        store.put("test", Put { key: &name("k"), bytes: b"v", life_ms: 1_000 }).await.expect("the server is up");
        store.clear("test").await.expect("the server is up");
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
fn everything_but_meta_and_count_expires() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("the server is up");
        commit(&store, &begun).await.expect("the server is up");
        bump(&store).await.expect("the server is up");
        begin(&store).await.expect("the server is up");
    });
    for name in ["test:{p0}:g:d", "test:{p0}:e:k", "test:{p0}:f:k"] {
        let left = server.command(&["PTTL", name]);
        let left_ms: i64 = left.trim_start_matches(':').parse().expect("a number");
        // Not rounded up to whole seconds.
        assert!((1..=60_500).contains(&left_ms), "{name}: {left}");
    }
    assert_eq!(server.command(&["PTTL", "test:{p0}:m"]), ":-1");
    assert_eq!(server.command(&["PTTL", "test:{p0}:n"]), ":-1");
    assert_eq!(server.command(&["DBSIZE"]), ":5");
}
