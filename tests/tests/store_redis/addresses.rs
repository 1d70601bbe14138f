//! What an address may say, and what is said of one that it may not.

use super::*;

fn problem(url: &str) -> String {
    match RedisStore::lazy(url) {
        Err(StoreError::Address { problem }) => problem,
        other => panic!("{url}: {other:?}"),
    }
}

#[test]
fn what_this_version_cannot_do_is_said() {
    assert!(problem("redis+tls://:hunter2@one").contains("it begins with none of"));
    assert!(problem("redis://one:6379,two").contains("does not parse"));
    assert!(problem("redis://one,two").contains("several hosts"));
}

#[test]
fn what_does_not_parse_is_said_without_the_password() {
    for url in [
        "",
        "hunter2",
        ":hunter2@host",
        "hunter2:hunter2@host",
        "http://user:hunter2@host",
        "redis:hunter2@host",
        "redis://user:hunter2@host/hunter2",
        "redis://user:hunter2@host:port",
        "redis://user:hunter2@host:99999",
        "redis://user:hunter2@",
        "redis://user:hunter2",
        "redis://user:12#hunter2@host",
        "redis://user:12/hunter2@host",
        "redis://user:12?hunter2@host",
        "redis://user:hunter2@[host",
        "redis://user:hunter2@host?protocol=hunter2",
        "redis://user:hunter2@0.0.0.0",
        "unix:hunter2?pass=hunter2",
        "unix:///socket?pass=hunter2&db=hunter2",
        "\0",
        "redis://\u{1f980}:%ff@host",
        "redis+cluster://user:hunter2@",
        "redis+cluster://user:hunter2@a,,b",
        "redis+cluster://user:hunter2@a:1,b:hunter2",
        "redis+cluster://user:hunter2@a,b/1",
        "redis+cluster:hunter2@a",
        "redis+sentinel://user:hunter2@a,b",
        "redis+sentinel://user:hunter2@a,b/name/hunter2",
        "redis+sentinel://user:hunter2/@a,b/name",
    ] {
        let problem = problem(url);
        assert!(!problem.contains("hunter2"), "{url}: {problem}");
    }
}

#[test]
fn what_parses_is_shown_without_the_password() {
    for url in [
        "redis://user:hunter2@host:7000/3",
        "redis://:hunter2@[::1]",
        "unix:///tmp/socket?pass=hunter2",
        "valkey://:hunter2@host",
        "redis+cluster://user:hunter2@a:7000,b,[::1]:7001/0?protocol=resp3",
        "redis-cluster://:hunter2@a",
        "REDISS://:hunter2@host",
        "valkeys://:hunter2@host",
        "rediss+cluster://:hunter2@a,b",
        "rediss+sentinel://:hunter2@a,b/name",
        "redis+sentinel://user:hunter2@a:26379,b,[::1]/name/2",
    ] {
        let shown = format!("{:?}", RedisStore::lazy(url).expect(url));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

/// W07.
#[test]
fn a_store_is_made_for_a_client_that_there_is() {
    use cache_runtime::store::redis::client;
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    let url = server.url().replace("redis://", "redis://:right@");
    let yours = client::Client::open(format!("{url}/3?protocol=resp3")).expect("the address parses");
    let store = RedisStore::for_client(yours.get_connection_info()).expect("it can be reached");
    run(async {
        at_last(async || begin(&store).await).await;
        let mut connection = yours.get_multiplexed_async_connection().await.expect("the server is up");
        let exists: bool = client::cmd("EXISTS").arg("test:{p0}:m").query_async(&mut connection).await.expect("it may");
        assert!(exists, "in the client's database");
    });
    let url = "redis://:hunter2@one,two";
    let many = client::Client::open(url).expect("that crate takes it for one host");
    let error = RedisStore::for_client(many.get_connection_info()).expect_err("these are two");
    assert!(error.to_string().contains("several hosts") && !all_of(&error).contains("hunter2"), "{error}");
}

#[test]
fn what_has_several_hosts_is_shown_with_all_of_them() {
    let shown = |url: &str| format!("{:?}", RedisStore::lazy(url).expect(url));
    assert!(shown("redis+cluster://u:p@a:7000,b").contains("a:7000,b:6379"));
    assert!(shown("redis+sentinel://u:p@a,b:1/main/2").contains("a:26379,b:1/main"));
}
