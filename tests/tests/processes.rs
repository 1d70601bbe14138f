//! Several real processes on one real Redis: who loads, and who goes on when another is killed, stopped, or loses the
//! server. D01, D03, D04, D06, D07 and D11 of the specification; `tests/tests/behaviours/leases.rs` has them by a clock.
//!
//! They wait for what a process says, for as long as a busy machine may need: nothing here depends on how fast it is.

use cache_tests::RedisServer;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a process may take to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A lease that outlives the patience: who goes on before has not waited for its end.
const LONG_MS: u64 = 600_000;

/// A lease that a busy holder extends in time.
const SHORT_MS: u64 = 3_000;

/// A deadline of the store that a busy machine does not pass.
const PATIENT_MS: u64 = 20_000;

#[test]
fn one_load_serves_a_thousand_tasks_of_four_processes() {
    let server = RedisServer::start();
    let mut peers = [(); 4].map(|()| Peer::start(&server, LONG_MS, PATIENT_MS));
    peers.iter_mut().for_each(|peer| peer.told("call 250"));
    let loads = first_to_say(&peers, "loading");
    for (_, peer) in peers.iter_mut().enumerate().filter(|(at, _)| *at != loads) {
        peer.told("await lease");
        assert_eq!(peer.says(), "waits");
    }
    peers[loads].told("load 7");
    for (at, peer) in peers.iter().enumerate() {
        assert_eq!(peer.says(), "answered 250 7", "process {at}");
    }
}

#[test]
fn one_that_waits_is_woken_and_finds_what_the_other_loaded() {
    let server = RedisServer::start();
    let [mut a, mut b] = [(); 2].map(|()| Peer::start(&server, LONG_MS, PATIENT_MS));
    a.told("call 1");
    assert_eq!(a.says(), "loading");
    b.told("call 1");
    b.told("await lease");
    assert_eq!(b.says(), "waits");
    a.told("load 7");
    assert_eq!(a.says(), "answered 1 7");
    assert_eq!(b.says(), "answered 1 7");
}

#[test]
fn a_load_that_takes_longer_than_the_lease_stays_alone_and_its_holders_death_ends_that() {
    let server = RedisServer::start();
    let [mut a, mut b] = [(); 2].map(|()| Peer::start(&server, SHORT_MS, PATIENT_MS));
    a.told("call 1");
    assert_eq!(a.says(), "loading");
    b.told("call 1");
    b.is_silent_for(Duration::from_millis(3 * SHORT_MS));
    a.signalled(Signal::KILL);
    // The TTL is an hour.
    assert_eq!(b.says(), "loading");
    b.told("load 8");
    assert_eq!(b.says(), "answered 1 8");
}

#[test]
fn a_holder_that_was_stopped_past_its_lease_keeps_nothing() {
    let server = RedisServer::start();
    let [mut a, mut b] = [(); 2].map(|()| Peer::start(&server, SHORT_MS, PATIENT_MS));
    a.told("call 1");
    assert_eq!(a.says(), "loading");
    a.signalled(Signal::STOP);
    b.told("call 1");
    assert_eq!(b.says(), "loading");
    a.signalled(Signal::CONT);
    a.told("load 7");
    assert_eq!(a.says(), "answered 1 7", "its own caller is given it");
    b.told("load 8");
    assert_eq!(b.says(), "answered 1 8");
    let mut c = Peer::start(&server, SHORT_MS, PATIENT_MS);
    for peer in [&mut a, &mut b, &mut c] {
        peer.told("call 1");
        assert_eq!(peer.says(), "answered 1 8", "nobody loads again, and nobody has what the stopped one loaded");
    }
}

#[test]
fn calls_are_answered_without_a_server_that_stops_answering_in_mid_load() {
    let server = RedisServer::start();
    let [mut a, mut b, mut c] = [(); 3].map(|()| Peer::start(&server, LONG_MS, 1_000));
    a.told("call 1");
    assert_eq!(a.says(), "loading");
    b.told("call 1");
    b.told("await lease");
    assert_eq!(b.says(), "waits");
    server.pause();
    c.told("call 1");
    assert_eq!(c.says(), "loading", "it cannot ask for the lease");
    assert_eq!(b.says(), "loading", "the message that it waits for cannot come");
    for (peer, value) in [(&mut a, 7), (&mut b, 8), (&mut c, 9)] {
        peer.told(&format!("load {value}"));
        assert_eq!(peer.says(), format!("answered 1 {value}"));
    }
    server.resume();
}

/// A process that calls; killed when dropped.
struct Peer {
    child: Child,
    said: Receiver<String>,
}

impl Peer {
    /// Starts one, and waits until it listens.
    fn start(server: &RedisServer, lease_ms: u64, deadline_ms: u64) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_peer"));
        command.args([server.url(), lease_ms.to_string(), deadline_ms.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it can be run");
        let output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let (told, said) = mpsc::channel();
        // Ends with the process.
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| told.send(line)));
        let peer = Self { child, said };
        assert_eq!(peer.says(), "ready");
        peer
    }

    /// Gives an order; `peer` knows which there are.
    fn told(&mut self, order: &str) {
        let input = self.child.stdin.as_mut().expect("its input is piped");
        writeln!(input, "{order}").expect("it takes orders");
    }

    /// What it says next.
    fn says(&self) -> String {
        self.said.recv_timeout(PATIENCE).expect("it says something before our patience ends")
    }

    fn is_silent_for(&self, duration: Duration) {
        let said = self.said.recv_timeout(duration);
        assert_eq!(said, Err(RecvTimeoutError::Timeout));
    }

    fn signalled(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it can be signalled");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Which of them says this first. The others are to be silent until then.
fn first_to_say(peers: &[Peer], line: &str) -> usize {
    let mut first = None;
    until("one of them speaks", || {
        first = peers.iter().position(|peer| match peer.said.try_recv() {
            Ok(said) if said == line => true,
            Ok(said) => panic!("`{said}` before `{line}`"),
            Err(_nothing) => false,
        });
        first.is_some()
    });
    first.expect("one has spoken")
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
