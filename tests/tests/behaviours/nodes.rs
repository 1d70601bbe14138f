//! Several nodes on one store and bus, and what one of them does to the others: K02, K05, K08, L10, M12, N01 to N03, Y16.

use cache_runtime::testing::{Node, Operation, When};
use cache_runtime::{Event, Policy, Token, assert_hit, cached};
use cache_tests::{BOUND, Gate, Source, eventually, eventually_is, on_nodes};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

#[cached(key = "nodes:row:<id>", ttl = 600, invalidate_on = ["nodes_row_changed"], tags = ["nodes:all"])]
pub(super) async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

pub(super) fn changed() -> Event {
    Event::new("nodes_row_changed").field("id", 1)
}

/// Waits until a node has taken account of an invalidation. It has to know the partition.
pub(super) async fn heard(node: &Node, token: &Token) {
    eventually(|| node.has_heard_of(token)).await;
}

/// Reads on a node until it has heard of what another did. Its clock stands still: nothing else could tell it.
async fn comes_to_read(node: &Node, source: &Arc<Source>, version: u64) {
    eventually_is(async || node.run(row(source.clone(), 1)).await == version).await;
}

#[cached(key = "nodes:kept:<id>", ttl = 600, tags = ["nodes:all"], tiers = l1)]
async fn in_memory(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// Begins a load on a node that has read the old value and does not come back yet.
async fn slow_load(node: &Node, source: &Arc<Source>) -> (Gate, JoinHandle<u64>) {
    let gate = source.hold();
    let load = tokio::spawn(node.run(row(source.clone(), 1)));
    gate.reached().await;
    (gate, load)
}

#[tokio::test]
async fn k02_a_slow_load_on_one_node_does_not_bring_back_what_another_invalidated() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let (gate, load) = slow_load(&a, &source).await;
        source.write(2);
        b.cache().emit(changed()).await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(b.run(row(source.clone(), 1)).await, 2);
        comes_to_read(&a, &source, 2).await;
    })
    .await;
}

#[tokio::test]
async fn k02_nor_what_another_removed_or_cleared() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        for version in [2, 4] {
            let (gate, load) = slow_load(&a, &source).await;
            source.write(version);
            match version {
                2 => drop(b.cache().remove("nodes:row:1").await.expect("acknowledged")),
                _ => drop(b.cache().clear().await.expect("acknowledged")),
            }
            gate.release();
            load.await.expect("served");
            assert_eq!(b.run(row(source.clone(), 1)).await, version);
            a.clock().advance(BOUND);
            assert_eq!(a.run(row(source.clone(), 1)).await, version);
            source.write(version + 1);
            a.cache().emit(changed()).await.expect("acknowledged");
        }
    })
    .await;
}

#[tokio::test]
async fn k05_of_two_loads_on_two_nodes_around_an_invalidation_the_later_one_is_kept() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let (gate, first) = slow_load(&a, &source).await;
        source.write(2);
        b.cache().emit(changed()).await.expect("acknowledged");
        assert_eq!(b.run(row(source.clone(), 1)).await, 2);
        gate.release();
        first.await.expect("served");
        a.clock().advance(BOUND);
        assert_eq!((a.run(row(source.clone(), 1)).await, b.run(row(source.clone(), 1)).await), (2, 2));
        assert_eq!(source.reads(), 2, "the first of them is kept nowhere");
    })
    .await;
}

#[tokio::test]
async fn k08_what_was_read_before_a_message_is_not_put_into_memory_after_it() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        a.run(row(source.clone(), 2)).await;
        let held = a.store().hold(Operation::Read, When::After);
        let reader = tokio::spawn(a.run(row(source.clone(), 1)));
        held.reached().await;
        source.write(2);
        let token = b.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        heard(&a, &token).await;
        held.release();
        reader.await.expect("served");
        assert_eq!(a.run(row(source.clone(), 1)).await, 2);
    })
    .await;
}

#[tokio::test]
async fn n01_n02_what_one_node_does_reaches_the_memory_of_another() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let policy = || Policy { tags: vec!["nodes:all".into()], ..Policy::ttl(Duration::from_secs(600)) };
        for what in ["event", "tag", "remove", "set", "clear"] {
            b.run(row(source.clone(), 1)).await;
            assert_eq!(b.run(async { assert_hit!(row(source.clone(), 1)) }).await, 1);
            source.write(2);
            match what {
                "event" => drop(a.cache().emit(changed()).await.expect("acknowledged")),
                "tag" => drop(a.cache().invalidate_tag("nodes:all").await.expect("acknowledged")),
                "remove" => drop(a.cache().remove("nodes:row:1").await.expect("acknowledged")),
                "set" => a.cache().set("nodes:row:1", 2_u64, policy()).await.expect("acknowledged"),
                _ => drop(a.cache().clear().await.expect("acknowledged")),
            }
            eprintln!("{what}");
            comes_to_read(&b, &source, 2).await;
            source.write(1);
            b.cache().clear().await.expect("acknowledged");
        }
    })
    .await;
}

/// Not only a removal: the other node serves what was set, and loads nothing.
#[tokio::test]
async fn y16_a_set_on_one_node_reaches_the_memory_of_another() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        assert_eq!(b.run(async { assert_hit!(row(source.clone(), 1)) }).await, 1);
        a.run(async { row_entry(1).set(2).await }).await.expect("acknowledged");
        comes_to_read(&b, &source, 2).await;
        assert_eq!(b.run(async { assert_hit!(row(source.clone(), 1)) }).await, 2);
        assert_eq!(source.reads(), 1, "nobody loaded it again");
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_only_memory_keeps_is_ended_by_another_node() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(in_memory(source.clone(), 1)).await;
        b.clock().advance(2 * BOUND);
        assert_eq!(b.run(in_memory(source.clone(), 1)).await, 1);
        assert_eq!(source.reads(), 1, "the store vouches for it");
        source.write(2);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        b.clock().advance(BOUND);
        assert_eq!(b.run(in_memory(source.clone(), 1)).await, 2);
    })
    .await;
}

/// It has left nothing in the store that could be gone from there: what tells is a generation of its key.
#[tokio::test]
async fn so_it_is_by_its_key_although_it_hears_of_nothing() {
    on_nodes(async |[a, b]| {
        b.store().break_bus(true);
        eventually(|| !b.cache().stats().is_listening).await;
        let source = Source::new(1);
        for version in 2..5 {
            b.run(in_memory(source.clone(), 1)).await;
            source.write(version);
            match version {
                2 => drop(a.cache().remove("nodes:kept:1").await.expect("acknowledged")),
                3 => a.cache().set("nodes:kept:1", 9_u64, Policy::ttl(BOUND)).await.expect("acknowledged"),
                _ => drop(a.run(async { in_memory_entry(1).expire().await }).await.expect("acknowledged")),
            }
            b.clock().advance(BOUND);
            assert_eq!(b.run(in_memory(source.clone(), 1)).await, version);
        }
    })
    .await;
}

#[tokio::test]
async fn n03_a_nodes_own_messages_cost_it_nothing() {
    on_nodes(async |[a, _b]| {
        let source = Source::new(1);
        a.run(row(source.clone(), 1)).await;
        a.cache().invalidate_tag("another").await.expect("acknowledged");
        eventually(|| a.cache().stats().messages > 0).await;
        let reads = a.store().calls(Operation::Read);
        assert_eq!(a.run(async { assert_hit!(row(source.clone(), 1)) }).await, 1);
        assert_eq!((a.store().calls(Operation::Read), a.cache().stats().gaps), (reads, 0));
    })
    .await;
}

#[tokio::test]
async fn l10_a_node_that_has_just_started_honours_what_was_invalidated_before() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        a.run(row(source.clone(), 1)).await;
        source.write(2);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        assert_eq!(b.run(row(source.clone(), 1)).await, 2);
        source.write(3);
        a.cache().clear().await.expect("acknowledged");
        assert_eq!(b.cache().tenant("late").expect("a name").scope(row(source.clone(), 1)).await, 3);
    })
    .await;
}

#[tokio::test]
async fn m12_the_node_that_invalidates_is_right_at_once_whatever_becomes_of_the_bus() {
    on_nodes(async |[a, _b]| {
        let source = Source::new(1);
        a.run(row(source.clone(), 1)).await;
        a.store().break_bus(true);
        source.write(2);
        a.cache().emit(changed()).await.expect("acknowledged");
        assert_eq!(a.run(row(source.clone(), 1)).await, 2);
    })
    .await;
}
