//! A server that is not there, not yet, or not for us.

use super::*;

#[test]
fn a_server_that_is_not_there_is_said_with_its_address() {
    let port = RedisServer::unused_port();
    let url = format!("redis://:hunter2@127.0.0.1:{port}");
    let error = run(RedisStore::connect(&url)).expect_err("nothing listens");
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
    assert!(!all_of(&error).contains("hunter2"));
}

#[test]
fn operations_without_a_server_end_by_their_deadline() {
    let store =
        RedisStore::lazy(&format!("redis://127.0.0.1:{}", RedisServer::unused_port())).expect("the address parses");
    run(async {
        for _ in 0..20 {
            let began = Instant::now();
            let error = read(&store).await.expect_err("nothing listens");
            assert!(matches!(error, StoreError::Unreachable { .. } | StoreError::Timeout { .. }), "{error:?}");
            assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        }
    });
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_a_timeout() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("redis://{}", silent.local_addr().expect("it is bound"));
    let store = RedisStore::lazy(&url).expect("the address parses");
    run(async {
        let began = Instant::now();
        let error = read(&store).await.expect_err("nobody answers");
        assert!(
            matches!(error, StoreError::Timeout { store: "redis", waited } if waited == Duration::from_millis(50)),
            "{error:?}"
        );
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        let error = RedisStore::connect(&url).await.expect_err("nobody answers");
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    });
}

#[test]
fn a_lazy_store_works_when_its_server_comes_up_later() {
    let port = RedisServer::unused_port();
    let store = patient(&format!("redis://127.0.0.1:{port}"));
    run(async {
        assert!(read(&store).await.is_err());
        let _server = RedisServer::start_at(port);
        let begun = at_last(async || begin(&store).await).await;
        assert_eq!(commit(&store, &begun).await.expect("the server is up"), Verdict::Stored);
    });
}

#[test]
fn a_wrong_password_is_refused_and_not_repeated() {
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    let address = server.url().replace("redis://", "");
    let error = run(RedisStore::connect(&format!("redis://:hunter2@{address}"))).expect_err("the password is wrong");
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    assert!(!all_of(&error).contains("hunter2"), "{error}");
    let error = run(RedisStore::connect(&server.url())).expect_err("the password is missing");
    assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains("NOAUTH"), "{error:?}");
    run(RedisStore::connect(&format!("redis://:right@{address}"))).expect("the password is right");
}

/// As servers do that do not know the command, and proxies.
#[test]
fn a_server_that_repeats_the_password_is_not_quoted() {
    for (command, query) in [("AUTH", ""), ("HELLO", "?protocol=resp3")] {
        let address = quoting_server(command);
        let error =
            run(RedisStore::connect(&format!("redis://:hunter2@{address}{query}"))).expect_err("the server refuses");
        assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
        assert!(!all_of(&error).contains("hunter2"), "{error}");
    }
}

/// A server that refuses everything, and repeats what it was given.
pub(super) fn quoting_server(command: &str) -> std::net::SocketAddr {
    let said = format!("-ERR unknown command '{command}', with args beginning with: 'hunter2'\r\n").repeat(8);
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = server.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let (mut stream, _) = server.accept().expect("the store connects");
        std::io::Write::write_all(&mut stream, said.as_bytes()).expect("the store listens");
        // Until the store closes the connection, for a reset could overtake the answer.
        std::io::copy(&mut stream, &mut std::io::sink()).ok();
    });
    address
}
