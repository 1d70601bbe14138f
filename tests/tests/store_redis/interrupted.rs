//! A server that stops, restarts, forgets, or loses the connection.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn a_frozen_server_is_a_timeout_and_heals() {
    let server = RedisServer::start();
    let store = RedisStore::lazy(&server.url()).expect("the address parses");
    run(async {
        let begun = at_last(async || begin(&store).await).await;
        server.pause();
        for _ in 0..12 {
            let began = Instant::now();
            let error = read(&store).await.expect_err("the server is frozen");
            assert!(matches!(error, StoreError::Timeout { .. }), "{error:?}");
            assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        }
        server.resume();
        at_last(async || read(&store).await).await;
        assert_eq!(at_last(async || commit(&store, &begun).await).await, Verdict::Stored, "it has forgotten nothing");
    });
}

#[test]
fn a_restart_begins_a_new_epoch() {
    let mut server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("the server is up");
        server.restart_empty();
        assert_eq!(at_last(async || commit(&store, &begun).await).await, Verdict::Forgotten);
        let anew = begin(&store).await.expect("the server is up");
        assert_ne!(anew.stamps[0].1.epoch, begun.stamps[0].1.epoch);
        assert_eq!(commit(&store, &anew).await.expect("the server is up"), Verdict::Stored);
    });
}

#[test]
fn a_history_that_another_incarnation_wrote_is_not_continued() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("the server is up");
        assert_eq!(commit(&store, &begun).await.expect("the server is up"), Verdict::Stored);
        let epoch = begun.stamps[0].1.epoch;
        // What a server finds that loads an older snapshot, or a replica that has become the primary.
        server.command(&["SET", "test:{p0}:m", &format!("{epoch:016x}:0:another/incarnation")]);
        let before = read(&store).await.expect("the server is up").partitions[0].1.expect("a new history has begun");
        assert_ne!(before.epoch, epoch);
        server.command(&["SET", "test:{p0}:m", &format!("{epoch:016x}:0:another/incarnation")]);
        assert_eq!(commit(&store, &begun).await.expect("the server is up"), Verdict::Forgotten);
        server.command(&["SET", "test:{p0}:m", "not a meta"]);
        assert_eq!(commit(&store, &begun).await.expect("the server is up"), Verdict::Forgotten);
    });
}

#[test]
fn a_new_connection_to_the_same_server_continues_its_history() {
    let server = RedisServer::start();
    run(async {
        let begun = begin(&patient(&server.url())).await.expect("the server is up");
        let other = patient(&server.url());
        assert_eq!(commit(&other, &begun).await.expect("the server is up"), Verdict::Stored);
    });
}

#[test]
fn a_killed_connection_is_replaced() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("the server is up");
        for _ in 0..5 {
            server.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
            at_last(async || read(&store).await).await;
        }
        assert_eq!(commit(&store, &begun).await.expect("the server is up"), Verdict::Stored);
    });
}

#[test]
fn an_idle_connection_that_was_killed_costs_no_error() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        begin(&store).await.expect("the server is up");
        server.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        // The server's end is closed when it says that there is one client, who asks; then ours is told of it.
        at_last(async || {
            match server.command(&["CLIENT", "LIST"]).lines().filter(|line| line.contains("id=")).count() {
                1 => Ok(()),
                _ => Err(StoreError::Timeout { store: "test", waited: Duration::ZERO }),
            }
        })
        .await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        read(&store).await.expect("the store connected again");
    });
}

#[test]
fn a_flush_refuses_the_loads_under_way() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("the server is up");
        server.command(&["FLUSHALL"]);
        assert_eq!(read(&store).await.expect("the server is up").partitions[0].1, None);
        assert_eq!(commit(&store, &begun).await.expect("the server is up"), Verdict::Forgotten);
        let anew = begin(&store).await.expect("the server is up");
        assert_eq!(commit(&store, &anew).await.expect("the server is up"), Verdict::Stored);
        server.command(&["FLUSHALL"]);
        bump(&store).await.expect("a bump needs no history");
    });
}

#[test]
fn scripts_that_the_server_forgot_are_sent_again() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    run(async {
        let begun = begin(&store).await.expect("the server is up");
        server.command(&["SCRIPT", "FLUSH"]);
        assert_eq!(commit(&store, &begun).await.expect("the script is sent again"), Verdict::Stored);
    });
}

#[test]
fn one_store_serves_several_runtimes() {
    let server = RedisServer::start();
    let store = patient(&server.url());
    let begun = run(begin(&store)).expect("the server is up");
    for _ in 0..5 {
        run(read(&store)).expect("the store connects on the new runtime");
    }
    let bumping = |store: RedisStore| std::thread::spawn(move || run(at_last(async || bump(&store).await)));
    let at_once: Vec<_> = (0..8).map(|_| bumping(store.clone())).collect();
    assert!(at_once.into_iter().all(|thread| thread.join().is_ok()));
    assert_eq!(run(at_last(async || commit(&store, &begun).await)), Verdict::Overtaken);
}

/// As a firewall does that has forgotten the connection: nothing comes back, not even an end.
#[test]
fn a_connection_that_answers_nothing_is_replaced() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port());
    let store = RedisStore::lazy(&proxy.url()).expect("the address parses");
    run(async {
        at_last(async || begin(&store).await).await;
        proxy.silence();
        assert!(matches!(read(&store).await, Err(StoreError::Timeout { .. })));
        at_last(async || read(&store).await).await;
    });
}

/// Passes on what it is sent, until it is told to swallow what comes on the connections there are.
struct Proxy {
    address: std::net::SocketAddr,
    silenced: Arc<AtomicU64>,
    connections: Arc<AtomicU64>,
}

impl Proxy {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (silenced, connections) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (until, count) = (silenced.clone(), connections.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", port)).expect("the server is up");
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                pass_on(&client, &server, number, &until);
                pass_on(&server, &client, number, &until);
            }
        });
        Self { address, silenced, connections }
    }

    fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    fn silence(&self) {
        self.silenced.store(self.connections.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream, number: u64, silenced: &Arc<AtomicU64>) {
    let (mut from, mut to, silenced) =
        (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"), silenced.clone());
    std::thread::spawn(move || {
        let mut bytes = [0; 4_096];
        while let Ok(len @ 1..) = from.read(&mut bytes) {
            if number > silenced.load(Ordering::SeqCst) && to.write_all(&bytes[..len]).is_err() {
                break;
            }
        }
    });
}
