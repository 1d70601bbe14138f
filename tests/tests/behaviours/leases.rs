//! One load a key across processes: section D of the specification, and section 10 of the protocol.
//!
//! Nodes stand for processes, and a clock that both go by for time. A process that is killed or stopped is a node whose
//! store takes nothing more from it; `tests/tests/processes.rs` kills and stops real ones.

use cache_runtime::testing::{Node, Operation};
use cache_runtime::{Policy, assert_hit, cached};
use cache_tests::{Gate, Source, eventually, on_nodes};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

const LEASE: Duration = Duration::from_secs(6);

#[cached(key = "leases:row:<id>", ttl = 3_600, lock = "6s", tags = ["leases"])]
pub(super) async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "leases:failing", ttl = 3_600, lock = "6s")]
async fn failing(source: Arc<Source>) -> Result<u64, String> {
    match source.read().await {
        0 => Err("the source is down".to_owned()),
        value => Ok(value),
    }
}

#[cached(key = "leases:unleased", ttl = 3_600)]
async fn unleased(source: Arc<Source>) -> u64 {
    source.read().await
}

/// Nodes that live by a clock of theirs, over a store in memory.
async fn nodes<const N: usize>() -> [Node; N] {
    let nodes = Node::several().await.expect("coherent");
    assert!(nodes.iter().all(|node: &Node| node.cache().stats().is_listening));
    nodes
}

pub(super) fn call(node: &Node, source: &Arc<Source>) -> JoinHandle<u64> {
    tokio::spawn(node.run(row(source.clone(), 1)))
}

/// A call that has the lease, and does not come back from the source yet.
pub(super) async fn holds(node: &Node, source: &Arc<Source>) -> (Gate, JoinHandle<u64>) {
    let gate = source.hold();
    let call = call(node, source);
    gate.reached().await;
    (gate, call)
}

/// A call that waits for the lease of another node.
async fn waits(node: &Node, source: &Arc<Source>) -> JoinHandle<u64> {
    let awaited = node.cache().stats().leases_awaited;
    let call = call(node, source);
    eventually(|| node.cache().stats().leases_awaited > awaited).await;
    call
}

/// What a call is answered with, if it is within our patience: a wake-up that is missed would leave it waiting for ever.
pub(super) async fn served<T>(call: JoinHandle<T>) -> T {
    tokio::time::timeout(Duration::from_secs(40), call)
        .await
        .expect("nobody waits for ever")
        .expect("it does not panic")
}

/// Lets the time pass in steps, so that whoever lives by the clock gets to act in between.
async fn pass(node: &Node, time: Duration) {
    for _ in 0..24 {
        node.clock().advance(time / 24);
        Node::settle().await;
    }
}

/// Nothing that it does to a lease reaches the store any more.
fn dies(node: &Node) {
    for operation in [Operation::Extend, Operation::Release, Operation::Commit] {
        node.store().fail(operation);
    }
}

#[tokio::test]
async fn d01_two_nodes_that_miss_together_load_once() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let (gate, first) = holds(&a, &source).await;
        let second = waits(&b, &source).await;
        gate.release();
        assert_eq!((served(first).await, served(second).await), (1, 1));
        assert_eq!(source.reads(), 1);
        assert_eq!((b.cache().stats().loads, b.cache().stats().l2_hits), (0, 1), "it found it in the store");
    })
    .await;
}

#[tokio::test]
async fn d01_nor_do_a_thousand_callers_on_four_nodes() {
    on_nodes(async |nodes: [Node; 4]| {
        let source = Source::new(1);
        let gate = source.hold();
        let callers: Vec<_> = (0..1_000).map(|at| call(&nodes[at % 4], &source)).collect();
        gate.reached().await;
        eventually(|| nodes.iter().map(|node| node.cache().stats().leases_awaited).sum::<u64>() == 3).await;
        gate.release();
        for caller in callers {
            assert_eq!(served(caller).await, 1);
        }
        assert_eq!(source.reads(), 1);
    })
    .await;
}

#[tokio::test]
async fn d02_two_namespaces_do_not_wait_for_each_other() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let (gate, first) = holds(&a, &source).await;
        let tenant = b.cache().tenant("acme").expect("a name");
        assert_eq!(tenant.scope(row(source.clone(), 1)).await, 1);
        assert_eq!(b.run(row(source.clone(), 2)).await, 1, "nor do two keys");
        gate.release();
        served(first).await;
        assert_eq!(source.reads(), 3);
    })
    .await;
}

#[tokio::test]
async fn d03_a_call_without_a_store_loads_at_once() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let (gate, first) = holds(&a, &source).await;
    b.store().fail(Operation::Begin);
    assert_eq!(b.run(row(source.clone(), 1)).await, 1);
    gate.release();
    assert_eq!(served(first).await, 1);
    assert_eq!(source.reads(), 2);
}

#[tokio::test]
async fn d03_one_that_waits_when_the_store_goes_away_loads_when_it_notices() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let (gate, _first) = holds(&a, &source).await;
    let second = waits(&b, &source).await;
    b.store().fail(Operation::Begin);
    b.store().fail(Operation::Read);
    b.store().break_bus(true);
    assert_eq!(served(second).await, 1, "the clock stands still: it did not wait for the end of the lease");
    assert_eq!(source.reads(), 2);
    gate.release();
}

#[tokio::test]
async fn d04_a_holder_that_died_is_replaced_after_its_lease() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let (_gate, first) = holds(&a, &source).await;
    let second = waits(&b, &source).await;
    dies(&a);
    first.abort();
    pass(&a, LEASE - Duration::from_millis(48)).await;
    assert!(!second.is_finished());
    pass(&a, Duration::from_millis(48)).await;
    assert_eq!(served(second).await, 1, "the TTL is an hour");
}

#[tokio::test]
async fn d05_d06_a_holder_that_lost_its_lease_keeps_nothing_and_takes_it_from_nobody() {
    let [a, b, c] = nodes().await;
    let source = Source::new(1);
    let (paused, first) = holds(&a, &source).await;
    a.store().fail(Operation::Extend);
    let second = waits(&b, &source).await;
    source.write(2);
    let gate = source.hold();
    pass(&a, LEASE).await;
    gate.reached().await;
    let third = waits(&c, &source).await;
    paused.release();
    assert_eq!(served(first).await, 1, "its own caller is given it");
    Node::settle().await;
    assert_eq!((third.is_finished(), source.reads()), (false, 2), "the second one has the lease still");
    gate.release();
    assert_eq!((served(second).await, served(third).await), (2, 2));
    assert_eq!(a.run(row(source.clone(), 1)).await, 2, "not even its own memory kept the other");
    assert_eq!(source.reads(), 2);
}

#[tokio::test]
async fn d07_who_waits_asks_when_it_is_told_and_else_once_a_second() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let (gate, _first) = holds(&a, &source).await;
    let second = waits(&b, &source).await;
    let asked = || b.store().calls(Operation::Begin) + b.store().calls(Operation::Read);
    let before = asked();
    pass(&a, Duration::from_millis(960)).await;
    assert_eq!(asked(), before);
    pass(&a, Duration::from_secs(3)).await;
    let polled = asked();
    assert!(polled <= before + 2 * 4, "a look and a begin each time: {}", polled - before);
    gate.release();
    assert_eq!(served(second).await, 1);
    assert!(asked() <= polled + 2, "{}", asked() - polled);
}

#[tokio::test]
async fn d07_a_wake_up_that_was_lost_costs_the_rest_of_the_lease() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let (gate, first) = holds(&a, &source).await;
    let second = waits(&b, &source).await;
    b.store().lose_messages(true);
    gate.release();
    served(first).await;
    Node::settle().await;
    assert!(!second.is_finished());
    pass(&a, LEASE).await;
    assert_eq!(served(second).await, 1);
    assert_eq!(source.reads(), 1);
}

#[tokio::test]
async fn d07_nor_does_a_connection_that_breaks_meanwhile_cost_more() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let (gate, first) = holds(&a, &source).await;
    let second = waits(&b, &source).await;
    b.store().lose_messages(true);
    gate.release();
    served(first).await;
    b.store().break_bus(false);
    assert_eq!(served(second).await, 1, "the clock stands still");
    assert_eq!(source.reads(), 1);
}

#[tokio::test]
async fn d08_a_caller_that_gives_up_waiting_is_no_failure_of_the_store() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let (gate, first) = holds(&a, &source).await;
    let second = waits(&b, &source).await;
    second.abort();
    assert!(second.await.is_err_and(|error| error.is_cancelled()));
    let stats = b.cache().stats();
    assert_eq!((stats.store_errors, stats.flights), (0, 0));
    gate.release();
    assert_eq!(served(first).await, 1);
    assert_eq!(b.run(row(source.clone(), 1)).await, 1);
    assert_eq!(source.reads(), 1);
}

#[tokio::test]
async fn d11_a_load_that_takes_three_leases_stays_alone() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let (gate, first) = holds(&a, &source).await;
    let second = waits(&b, &source).await;
    for _ in 0..3 {
        pass(&a, LEASE).await;
    }
    assert_eq!((second.is_finished(), source.reads()), (false, 1));
    gate.release();
    assert_eq!((served(first).await, served(second).await), (1, 1));
    assert_eq!(source.most_at_once(), 1);
}

#[tokio::test]
async fn a_load_that_fails_lets_the_next_one_load_at_once() {
    on_nodes(async |[a, b]| {
        let source = Source::new(0);
        let gate = source.hold();
        let first = tokio::spawn(a.run(failing(source.clone())));
        gate.reached().await;
        let second = tokio::spawn(b.run(failing(source.clone())));
        eventually(|| b.cache().stats().leases_awaited > 0).await;
        source.write(1);
        gate.release();
        assert_eq!(served(first).await, Err("the source is down".to_owned()));
        assert_eq!(served(second).await, Ok(1), "the clock stands still");
        assert_eq!(source.most_at_once(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_set_meanwhile_is_given_to_those_who_wait() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let (gate, first) = holds(&a, &source).await;
        let second = waits(&b, &source).await;
        a.cache().set("leases:row:1", 2_u64, Policy::ttl(Duration::from_secs(600))).await.expect("acknowledged");
        assert_eq!(served(second).await, 2);
        gate.release();
        served(first).await;
        assert_eq!(b.run(row(source.clone(), 1)).await, 2, "the load was refused");
    })
    .await;
}

#[tokio::test]
async fn what_was_invalidated_meanwhile_is_loaded_again_by_those_who_wait() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let (gate, first) = holds(&a, &source).await;
        let second = waits(&b, &source).await;
        source.write(2);
        b.cache().invalidate_tag("leases").await.expect("acknowledged");
        gate.release();
        assert_eq!(served(first).await, 1, "it was called before");
        assert_eq!(served(second).await, 2);
        assert_eq!(a.run(row(source.clone(), 1)).await, 2);
        assert_eq!(source.reads(), 2);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_of_a_lease() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let (gate, first) = holds(&a, &source).await;
    gate.release();
    served(first).await;
    b.cache().remove("leases:row:1").await.expect("acknowledged");
    let (gate, first) = holds(&b, &source).await;
    gate.release();
    served(first).await;
    assert_eq!(source.reads(), 2, "the second node did not wait for the first one's lease");
}

#[tokio::test]
async fn functions_without_the_option_take_no_lease() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let gate = source.hold();
    let first = tokio::spawn(a.run(unleased(source.clone())));
    gate.reached().await;
    assert_eq!(b.run(unleased(source.clone())).await, 1);
    gate.release();
    served(first).await;
    assert_eq!(source.reads(), 2);
    assert_eq!(a.store().calls(Operation::Extend) + a.store().calls(Operation::Release), 0);
}

#[tokio::test]
async fn a_hit_asks_for_no_lease() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    a.run(row(source.clone(), 1)).await;
    let begins = b.store().calls(Operation::Begin);
    b.run(row(source.clone(), 1)).await;
    b.run(async { assert_hit!(row(source.clone(), 1)) }).await;
    assert_eq!(b.store().calls(Operation::Begin), begins);
}

/// Each holds what the other waits for. Within a process a flight notices; between processes nobody sees the circle.
#[tokio::test]
async fn two_loads_that_wait_for_each_other_end() {
    let [a, b] = nodes().await;
    let source = Source::new(1);
    let gates = [source.hold(), source.hold()];
    let calls = [tokio::spawn(a.run(left(source.clone(), true))), tokio::spawn(b.run(right(source.clone(), true)))];
    for gate in &gates {
        gate.reached().await;
    }
    gates.iter().for_each(Gate::release);
    for _ in 0..3 {
        pass(&a, LEASE).await;
    }
    for call in calls {
        assert_eq!(served(call).await, 1);
    }
}

#[cached(key = "leases:left", ttl = 3_600, lock = "6s", skip(asks))]
async fn left(source: Arc<Source>, asks: bool) -> u64 {
    let value = source.read().await;
    if asks { right(source, false).await } else { value }
}

#[cached(key = "leases:right", ttl = 3_600, lock = "6s", skip(asks))]
async fn right(source: Arc<Source>, asks: bool) -> u64 {
    let value = source.read().await;
    if asks { boxed_left(source).await } else { value }
}

/// The type of a future that contains one of its own kind has to be forgotten.
fn boxed_left(source: Arc<Source>) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(left(source, false))
}
