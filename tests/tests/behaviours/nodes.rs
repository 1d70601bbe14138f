//! Several nodes on one store and bus: K02, K05, K08, K16, L09, L10, L17, L18, M12, N01 to N16 as far as they reach, and
//! the three consistencies.

use cache_runtime::bus::{Heard, Message};
use cache_runtime::testing::{Node, Operation, When};
use cache_runtime::{Call, Event, Policy, Token, assert_hit, cached, with};
use cache_tests::{BOUND, Gate, Source, eventually, on_nodes};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

#[cached(key = "nodes:row:<id>", ttl = 600, invalidate_on = ["nodes_row_changed"], tags = ["nodes:all"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "nodes:strict:<id>", ttl = 600, tags = ["nodes:all"], consistency = strong)]
async fn strict(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "nodes:kept:<id>", ttl = 600, tags = ["nodes:all"], tiers = l1)]
async fn in_memory(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

fn changed() -> Event {
    Event::new("nodes_row_changed").field("id", 1)
}

/// Begins a load on a node that has read the old value and does not come back yet.
async fn slow_load(node: &Node, source: &Arc<Source>) -> (Gate, JoinHandle<u64>) {
    let gate = source.hold();
    let load = tokio::spawn(node.run(row(source.clone(), 1)));
    gate.reached().await;
    (gate, load)
}

/// Waits until a node has heard of so many more messages.
async fn heard(node: &Node, before: u64, more: u64) {
    eventually(|| node.cache().stats().messages >= before + more).await;
}

/// Waits until a node hears no more, and tells how many messages it has heard.
async fn quiet(node: &Node) -> u64 {
    let (mut count, mut rounds) = (node.cache().stats().messages, 0);
    eventually(|| {
        let now = node.cache().stats().messages;
        rounds = if now == count { rounds + 1 } else { 0 };
        count = now;
        rounds == 30
    })
    .await;
    count
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
        heard(&a, 0, 1).await;
        assert_eq!(a.run(row(source.clone(), 1)).await, 2);
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
        let held = a.store().hold(Operation::Read, When::After);
        let reader = tokio::spawn(a.run(row(source.clone(), 1)));
        held.reached().await;
        source.write(2);
        let before = quiet(&a).await;
        b.cache().emit(changed()).await.expect("acknowledged");
        heard(&a, before, 1).await;
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
            let before = quiet(&b).await;
            match what {
                "event" => drop(a.cache().emit(changed()).await.expect("acknowledged")),
                "tag" => drop(a.cache().invalidate_tag("nodes:all").await.expect("acknowledged")),
                "remove" => drop(a.cache().remove("nodes:row:1").await.expect("acknowledged")),
                "set" => a.cache().set("nodes:row:1", 2_u64, policy()).await.expect("acknowledged"),
                _ => drop(a.cache().clear().await.expect("acknowledged")),
            }
            heard(&b, before, 1).await;
            assert_eq!(b.run(row(source.clone(), 1)).await, 2, "{what}");
            source.write(1);
            b.cache().clear().await.expect("acknowledged");
        }
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

#[tokio::test]
async fn n03_a_nodes_own_messages_cost_it_nothing() {
    on_nodes(async |[a, _b]| {
        let source = Source::new(1);
        a.run(row(source.clone(), 1)).await;
        a.cache().invalidate_tag("another").await.expect("acknowledged");
        heard(&a, 0, 1).await;
        let reads = a.store().calls(Operation::Read);
        assert_eq!(a.run(async { assert_hit!(row(source.clone(), 1)) }).await, 1);
        assert_eq!((a.store().calls(Operation::Read), a.cache().stats().gaps), (reads, 0));
    })
    .await;
}

#[tokio::test]
async fn n04_n05_hearing_tells_nobody_and_neither_does_what_failed() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        for node in [&a, &b] {
            node.run(row(source.clone(), 1)).await;
        }
        // The first use of a namespace is told of as well, as the beginning of its epoch.
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        heard(&b, 0, 1).await;
        let before = quiet(&b).await;
        a.store().fail(Operation::Bump);
        a.cache().invalidate_tag("nodes:all").await.expect_err("the store is away");
        a.store().heal();
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        heard(&b, before, 1).await;
        assert_eq!(quiet(&b).await, before + 1);
    })
    .await;
}

#[tokio::test]
async fn n08_another_namespace_hears_nothing() {
    on_nodes(async |[a, b]| {
        let (acme, umbrella) =
            (a.cache().tenant("acme").expect("a name"), b.cache().tenant("umbrella").expect("a name"));
        eventually(|| acme.stats().is_listening && umbrella.stats().is_listening).await;
        acme.invalidate_tag("nodes:all").await.expect("acknowledged");
        heard(&a, 0, 1).await;
        Node::settle().await;
        assert_eq!(b.cache().stats().messages, 0);
    })
    .await;
}

#[tokio::test]
async fn n10_nonsense_on_the_bus_is_counted_and_changes_nothing() {
    on_nodes(async |[a, _b]| {
        let source = Source::new(1);
        a.run(row(source.clone(), 1)).await;
        a.store().say(Heard::Nonsense);
        eventually(|| a.cache().stats().messages_unread == 1).await;
        assert_eq!(a.run(async { assert_hit!(row(source.clone(), 1)) }).await, 1);
    })
    .await;
}

/// What a node misses of another's tag invalidations, in their order.
async fn missed(from: &Node, by: &Node, count: usize) -> Vec<Message> {
    by.store().lose_messages(true);
    for _ in 0..count {
        from.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
    }
    let mut lost = Vec::new();
    eventually(|| {
        lost.extend(by.store().take_lost());
        lost.len() == count
    })
    .await;
    by.store().lose_messages(false);
    lost
}

#[tokio::test]
async fn n11_n12_messages_twice_late_and_out_of_order_revive_nothing() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        source.write(2);
        let lost = missed(&a, &b, 3).await;
        let before = quiet(&b).await;
        for at in [2, 0, 0, 1, 2] {
            b.store().say(Heard::Step(lost[at].clone()));
        }
        heard(&b, before, 5).await;
        assert_eq!(b.run(row(source.clone(), 1)).await, 2);
        for at in [1, 0] {
            b.store().say(Heard::Step(lost[at].clone()));
        }
        heard(&b, before + 5, 2).await;
        assert_eq!(b.run(async { assert_hit!(row(source.clone(), 1)) }).await, 2, "an old message ends nothing newer");
    })
    .await;
}

#[tokio::test]
async fn a_lost_message_is_noticed_with_the_next_and_what_was_not_meant_stays() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        let other = Source::new(7);
        b.run(with_another_tag(other.clone())).await;
        source.write(2);
        missed(&a, &b, 1).await;
        a.cache().invalidate_tag("nodes:nothing").await.expect("acknowledged");
        eventually(|| b.cache().stats().gaps == 1).await;
        assert_eq!(b.run(row(source.clone(), 1)).await, 2);
        assert_eq!(b.run(with_another_tag(other.clone())).await, 7);
        assert_eq!((other.reads(), b.cache().stats().revalidated), (1, 1), "asked for, not flushed");
    })
    .await;
}

#[cached(key = "nodes:other", ttl = 600, tags = ["nodes:other"])]
async fn with_another_tag(source: Arc<Source>) -> u64 {
    source.read().await
}

#[tokio::test]
async fn n13_a_message_lost_with_the_connection_is_made_up_for_within_the_bound() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        b.store().break_bus(true);
        eventually(|| !b.cache().stats().is_listening).await;
        source.write(2);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        b.store().break_bus(false);
        b.clock().advance(BOUND);
        assert_eq!(b.run(row(source.clone(), 1)).await, 2);
        eventually(|| b.cache().stats().is_listening).await;
        assert_eq!(b.cache().stats().feeds_lost, 1);
    })
    .await;
}

#[tokio::test]
async fn l09_n14_n15_a_node_that_hears_nothing_serves_nothing_old_past_the_bound() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        source.write(2);
        missed(&a, &b, 1).await;
        b.store().lose_messages(true);
        b.clock().advance(BOUND - Duration::from_millis(1));
        assert!(b.cache().stats().may_be_behind_ms < 500);
        b.clock().advance(Duration::from_millis(1));
        assert_eq!(b.run(row(source.clone(), 1)).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_heartbeat_keeps_what_is_in_use_answering_without_a_question() {
    on_nodes(async |[_a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        for beat in 0..40 {
            assert_eq!(b.run(async { assert_hit!(row(source.clone(), 1)) }).await, 1);
            let beats = b.store().calls(Operation::Positions);
            b.clock().advance(BOUND / 4);
            eventually(|| b.store().calls(Operation::Positions) > beats).await;
            eventually(|| b.cache().stats().may_be_behind_ms < 125).await;
            assert!(beat >= beats.saturating_sub(2), "one a quarter of the bound");
        }
        assert_eq!((source.reads(), b.cache().stats().revalidated), (1, 0));
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

#[tokio::test]
async fn n16_more_messages_than_can_be_heard_are_a_gap_and_no_loss() {
    let [a, b]: [Node; 2] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    b.run(row(source.clone(), 1)).await;
    source.write(2);
    a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
    for _ in 0..5_000 {
        a.cache().invalidate_tag("nodes:nothing").await.expect("acknowledged");
    }
    b.clock().advance(Duration::from_secs(1));
    assert_eq!(b.run(row(source.clone(), 1)).await, 2);
}

#[tokio::test]
async fn strong_is_right_on_every_node_at_once_and_carries_no_value_that_memory_has() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.store().lose_messages(true);
        b.run(strict(source.clone(), 1)).await;
        assert_eq!(b.run(strict(source.clone(), 1)).await, 1);
        assert_eq!((source.reads(), b.cache().stats().revalidated), (1, 1));
        source.write(2);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        assert_eq!(b.run(strict(source.clone(), 1)).await, 2);
    })
    .await;
}

#[tokio::test]
async fn strong_callers_do_not_join_a_load_from_before_another_nodes_invalidation() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.store().lose_messages(true);
        let gate = source.hold();
        let early = tokio::spawn(b.run(strict(source.clone(), 1)));
        gate.reached().await;
        source.write(2);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        let late: Vec<_> = (0..20).map(|_| tokio::spawn(b.run(strict(source.clone(), 1)))).collect();
        Node::settle().await;
        gate.release();
        early.await.expect("served");
        for caller in late {
            assert_eq!(caller.await.expect("served"), 2);
        }
        assert_eq!((source.reads(), source.most_at_once()), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_call_may_demand_more_than_its_function_promises() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.store().lose_messages(true);
        b.run(row(source.clone(), 1)).await;
        b.clock().advance(Duration::from_millis(100));
        source.write(2);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        let within = |ms| with(Call::max_stale(Duration::from_millis(ms)), row(source.clone(), 1));
        assert_eq!(b.run(within(200)).await, 1, "it was known to hold 100 ms ago");
        assert_eq!(b.run(within(100)).await, 2);
        source.write(3);
        a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        assert_eq!(b.run(row(source.clone(), 1)).await, 2, "within the bound");
        assert_eq!(b.run(with(Call::strong(), row(source.clone(), 1))).await, 3);
    })
    .await;
}

#[tokio::test]
async fn k16_a_read_with_a_token_sees_nothing_older_on_any_node() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.store().lose_messages(true);
        b.run(row(source.clone(), 1)).await;
        source.write(2);
        let token = a.cache().emit(changed()).await.expect("acknowledged");
        let token: Token = token.to_string().parse().expect("it was printed by us");
        let other = with(Call::max_stale(BOUND), row(source.clone(), 1));
        assert_eq!(b.run(other).await, 1, "without it, within the bound");
        assert_eq!(b.cache().clone().scope_after(token.clone(), row(source.clone(), 1)).await, 2);
        let reads = b.store().all_calls();
        assert_eq!(a.cache().clone().scope_after(token, async { assert_hit!(row(source.clone(), 1)) }).await, 2);
        assert_eq!(b.store().all_calls(), reads);
    })
    .await;
}

#[tokio::test]
async fn a_token_costs_nothing_where_it_is_known() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let token = Arc::new(a.cache().emit(changed()).await.expect("acknowledged"));
        heard(&b, 0, 1).await;
        quiet(&b).await;
        b.run(row(source.clone(), 1)).await;
        let calls = b.store().all_calls();
        let again = b.cache().clone().scope_after(token, async { assert_hit!(row(source.clone(), 1)) });
        assert_eq!((again.await, b.store().all_calls()), (1, calls));
    })
    .await;
}
