//! Whose turn it is to load, where a lease changes hands: D01, D09, D10.

use super::leases::{call, holds, row, served};
use cache_runtime::testing::{Node, Operation, When};
use cache_runtime::{Call, assert_hit, cached, with};
use cache_tests::{Source, eventually, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "leases:renewed:<id>", ttl = 10, stale_while_revalidate = 30, early = 0)]
async fn renewed(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// D01: whoever was about to ask for the lease when its holder was done finds what that one stored.
#[tokio::test]
async fn d01_a_holder_that_is_done_between_anothers_look_and_its_turn_costs_no_second_load() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        let (gate, first) = holds(&ada, &source).await;
        let turn = bob.store().hold(Operation::Begin, When::Before);
        let second = call(&bob, &source);
        turn.reached().await;
        gate.release();
        assert_eq!(served(first).await, 7);
        turn.release();
        assert_eq!(served(second).await, 7);
        assert_eq!((source.reads(), bob.cache().stats().l2_hits), (1, 1));
        eventually(|| bob.store().calls(Operation::Release) == 1).await;
    })
    .await;
}

/// The same of a load in the background.
#[tokio::test]
async fn d09_a_renewal_that_another_node_has_just_done_is_not_done_again() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        for node in [&ada, &bob] {
            node.run(renewed(source.clone(), 1)).await;
        }
        source.write(8);
        ada.clock().advance(Duration::from_secs(11));
        let gate = source.hold();
        assert_eq!(ada.run(renewed(source.clone(), 1)).await, 7);
        gate.reached().await;
        let turn = bob.store().hold(Operation::Begin, When::Before);
        assert_eq!(bob.run(renewed(source.clone(), 1)).await, 7);
        turn.reached().await;
        gate.release();
        eventually(|| ada.cache().stats().background == 0).await;
        turn.release();
        eventually(|| bob.cache().stats().background == 0).await;
        assert_eq!((bob.run(renewed(source.clone(), 1)).await, source.reads()), (8, 2));
    })
    .await;
}

/// D09: and one that another node is doing is left to it.
#[tokio::test]
async fn d09_a_renewal_waits_for_no_lease() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        for node in [&ada, &bob] {
            node.run(renewed(source.clone(), 1)).await;
        }
        ada.clock().advance(Duration::from_secs(11));
        let gate = source.hold();
        ada.run(renewed(source.clone(), 1)).await;
        gate.reached().await;
        bob.run(renewed(source.clone(), 1)).await;
        eventually(|| bob.cache().stats().background == 0).await;
        assert_eq!((source.reads(), bob.cache().stats().leases_awaited), (2, 0));
        gate.release();
        eventually(|| ada.cache().stats().background == 0).await;
    })
    .await;
}

/// What was there before is known to be of no use: it is not looked at twice.
#[tokio::test]
async fn an_entry_that_was_invalidated_costs_no_second_look() {
    on_nodes(async |[ada, _]: [Node; 2]| {
        let source = Source::new(7);
        ada.run(row(source.clone(), 1)).await;
        ada.cache().invalidate_tag("leases").await.expect("acknowledged");
        let looks = ada.store().calls(Operation::Read);
        ada.run(row(source.clone(), 1)).await;
        assert_eq!((source.reads(), ada.store().calls(Operation::Read) - looks), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn d10_a_call_need_not_wait_for_the_lease() {
    on_nodes(async |[ada, bob]: [Node; 2]| {
        let source = Source::new(7);
        let (gate, first) = holds(&ada, &source).await;
        assert_eq!(bob.run(with(Call::unlocked(), row(source.clone(), 1))).await, 7);
        assert_eq!((source.reads(), bob.cache().stats().leases_awaited), (2, 0));
        bob.run(async { assert_hit!(row(source.clone(), 1)) }).await;
        gate.release();
        assert_eq!(served(first).await, 7, "it is overtaken, and returned");
    })
    .await;
}
