//! What nodes tell each other, and what becomes of it that is late, lost, doubled or nonsense: L08, L09, N04, N05, N07 to N18.

use super::nodes::{heard, row};
use cache_runtime::bus::{Heard, Message};
use cache_runtime::testing::{Node, Operation};
use cache_runtime::{Event, Policy, assert_hit, cached};
use cache_tests::{BOUND, Source, eventually, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "nodes:other", ttl = 600, tags = ["nodes:other"])]
async fn with_another_tag(source: Arc<Source>) -> u64 {
    source.read().await
}

/// Invalidates so often on one node what another does not hear of, and tells what was lost, in its order.
async fn missed(from: &Node, by: &Node, count: usize) -> Vec<Message> {
    by.store().lose_messages(true);
    let mut steps = Vec::new();
    for _ in 0..count {
        let token = from.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        steps.push(token.to_string());
    }
    // The beginning of the history is told as well, and may come this late.
    let is_meant = |message: &Message| steps.contains(&step(message));
    let mut lost = Vec::new();
    eventually(|| {
        lost.extend(by.store().take_lost().into_iter().filter(is_meant));
        lost.len() == count
    })
    .await;
    by.store().lose_messages(false);
    lost
}

/// What a message tells of, as the token of it says.
fn step(message: &Message) -> String {
    format!("{}.{}", message.partition.0, message.stamp)
}

/// Lets a node hear these, and waits until it has.
async fn told(node: &Node, messages: impl IntoIterator<Item = Message>) {
    let before = node.cache().stats().messages_unread;
    for message in messages {
        node.store().say(Heard::Step(message));
    }
    node.store().say(Heard::Nonsense);
    eventually(|| node.cache().stats().messages_unread > before).await;
}

#[tokio::test]
async fn n04_hearing_asks_and_tells_nobody() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        let calls = b.store().all_calls();
        let token = a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        heard(&b, &token).await;
        Node::settle().await;
        assert_eq!(b.store().all_calls(), calls);
    })
    .await;
}

#[tokio::test]
async fn n05_what_the_store_did_not_do_is_told_to_nobody() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        a.store().fail(Operation::Bump);
        a.cache().invalidate_tag("nodes:all").await.expect_err("the store is away");
        a.store().heal();
        b.run(async { assert_hit!(row(source.clone(), 1)) }).await;
        let next = a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        heard(&b, &next).await;
        assert_eq!(b.cache().stats().gaps, 0, "no step was taken in between");
    })
    .await;
}

#[tokio::test]
async fn n07_names_come_as_they_were_given() {
    on_nodes(async |[a, b]| {
        for tag in ["é🦀", "a:b", "\0\r\n", "*", "1:x", "", " ", "tag:"] {
            let tagged = Policy { tags: vec![tag.to_owned()], ..Policy::ttl(Duration::from_secs(600)) };
            b.cache().set("nodes:odd", 1_u64, tagged).await.expect("acknowledged");
            assert_eq!(b.cache().get::<u64>("nodes:odd").await, Some(1));
            let token = a.cache().invalidate_tag(tag).await.expect("acknowledged");
            heard(&b, &token).await;
            assert_eq!(b.cache().get::<u64>("nodes:odd").await, None, "{tag:?}");
        }
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
        eventually(|| a.cache().stats().messages > 0).await;
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

#[tokio::test]
async fn n11_n12_messages_twice_late_and_out_of_order_revive_nothing() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        source.write(2);
        let lost = missed(&a, &b, 3).await;
        told(&b, [2, 0, 0, 1, 2].map(|at| lost[at].clone())).await;
        assert_eq!(b.run(row(source.clone(), 1)).await, 2);
        told(&b, [1, 0].map(|at| lost[at].clone())).await;
        assert_eq!(b.run(async { assert_hit!(row(source.clone(), 1)) }).await, 2, "an old message ends nothing newer");
    })
    .await;
}

/// In whatever order a third node hears of it.
#[tokio::test]
async fn l08_of_two_invalidations_at_once_the_later_one_stays_in_force() {
    on_nodes(async |[a, b, c]| {
        let source = Source::new(1);
        c.run(row(source.clone(), 1)).await;
        source.write(2);
        c.store().lose_messages(true);
        let (of_a, of_b) = tokio::join!(a.cache().invalidate_tag("nodes:all"), b.cache().invalidate_tag("nodes:all"));
        let steps = [of_a, of_b].map(|token| token.expect("acknowledged").to_string());
        let mut lost = Vec::new();
        eventually(|| {
            lost.extend(c.store().take_lost().into_iter().filter(|message| steps.contains(&step(message))));
            lost.len() == 2
        })
        .await;
        c.store().lose_messages(false);
        lost.sort_by_key(|message| std::cmp::Reverse(message.stamp.seq));
        told(&c, lost.clone()).await;
        assert_eq!(c.run(row(source.clone(), 1)).await, 2);
        told(&c, lost).await;
        assert_eq!(c.run(async { assert_hit!(row(source.clone(), 1)) }).await, 2);
    })
    .await;
}

/// Of a tag in the same partition: what is lost of one that nothing else happens in, the heartbeat tells.
#[tokio::test]
async fn a_lost_message_is_noticed_with_the_next_and_what_was_not_meant_stays() {
    on_nodes(async |[a, b]| {
        let (source, other) = (Source::new(1), Source::new(7));
        b.run(row(source.clone(), 1)).await;
        let neighbour = neighbour(&a, "nodes:all").await;
        let last = a.cache().invalidate_tag(&neighbour).await.expect("acknowledged");
        heard(&b, &last).await;
        b.run(row(source.clone(), 1)).await;
        b.run(with_another_tag(other.clone())).await;
        let gaps = b.cache().stats().gaps;
        source.write(2);
        missed(&a, &b, 1).await;
        a.cache().invalidate_tag(&neighbour).await.expect("acknowledged");
        eventually(|| b.cache().stats().gaps > gaps).await;
        assert_eq!(b.run(row(source.clone(), 1)).await, 2);
        assert_eq!(b.run(with_another_tag(other.clone())).await, 7);
        assert_eq!(other.reads(), 1, "asked for, not flushed");
    })
    .await;
}

/// Another tag in the partition of one.
async fn neighbour(node: &Node, tag: &str) -> String {
    let partition = async |tag: &str| {
        let token = node.cache().invalidate_tag(tag).await.expect("acknowledged").to_string();
        token.split('.').next().map(str::to_owned)
    };
    let of = partition(tag).await;
    for at in 0.. {
        let neighbour = format!("nodes:beside:{at}");
        if partition(&neighbour).await == of {
            return neighbour;
        }
    }
    unreachable!("one in 256 is in the same partition")
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

/// Nobody can keep an invalidation to himself, or choose not to be told; who is never told asks in time.
#[tokio::test]
async fn n09_a_node_that_is_told_nothing_from_the_beginning_is_right_within_the_bound() {
    on_nodes(async |[a, b]| {
        b.store().break_bus(true);
        eventually(|| !b.cache().stats().is_listening).await;
        let source = Source::new(1);
        for version in 2..5 {
            b.run(row(source.clone(), 1)).await;
            source.write(version);
            a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
            b.clock().advance(BOUND);
            assert_eq!(b.run(row(source.clone(), 1)).await, version);
        }
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
async fn n16_more_messages_than_can_be_heard_are_a_gap_and_no_loss() {
    let [a, b]: [Node; 2] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    b.run(row(source.clone(), 1)).await;
    source.write(2);
    a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
    for _ in 0..5_000 {
        a.cache().invalidate_tag("nodes:nothing").await.expect("acknowledged");
    }
    eventually(|| b.cache().stats().feeds_lost == 1).await;
    b.clock().advance(Duration::from_secs(1));
    assert_eq!(b.run(row(source.clone(), 1)).await, 2);
}

#[tokio::test]
async fn n18_a_node_asks_nothing_about_what_it_does_not_hold() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        let calls = b.store().all_calls();
        let event = |id: u64| Event::new("nodes_row_changed").field("id", id);
        a.cache().emit_all((2..200).map(event)).await.expect("acknowledged");
        b.run(async { assert_hit!(row(source.clone(), 1)) }).await;
        let token = a.cache().invalidate_tag("nodes:all").await.expect("acknowledged");
        heard(&b, &token).await;
        Node::settle().await;
        assert_eq!(b.store().all_calls(), calls);
    })
    .await;
}
