//! A server that answers with errors.

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
        let put = Put { key: &name("k"), bytes: b"v", life_ms: 1_000 };
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
