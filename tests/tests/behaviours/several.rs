//! Several who know different things of one entry: nodes on one store, two functions with one key, a function and a call
//! by hand.

use cache_runtime::testing::{FaultyStore, Node, Operation, When};
use cache_runtime::{Cache, Clock, Event, L1, MemoryStore, Policy, cached};
use cache_tests::{Source, on_each};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

const BOUND: Duration = Duration::from_millis(500);

#[cached(key = "several:row:<id>", ttl = 3_600, tags = ["several"])]
async fn tagged(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "several:row:<id>", ttl = 3_600, invalidate_on = ["several_row_changed"])]
async fn bound(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "several:kept:<id>", ttl = 3_600, tiers = l1)]
async fn kept(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

async fn two_nodes() -> (Cache, Cache) {
    let clock = Clock::manual();
    let store = MemoryStore::with_clock(clock.clone());
    let node = || Cache::builder().clock(clock.clone()).store(store.clone()).max_staleness(BOUND).build();
    (node().await.expect("coherent"), node().await.expect("coherent"))
}

fn by_hand(tags: &[&str]) -> Policy {
    Policy { tags: tags.iter().map(ToString::to_string).collect(), ..Policy::ttl(Duration::from_secs(600)) }
}

#[tokio::test]
async fn a_call_by_hand_is_not_served_what_was_invalidated_for_the_function_and_does_not_bring_it_back() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        tagged(source.clone(), 1).await;
        assert_eq!(cache.get::<u64>("several:row:1").await, Some(1));
        source.write(2);
        cache.invalidate_tag("several").await.expect("acknowledged");
        assert_eq!(cache.get::<u64>("several:row:1").await, None);
        assert_eq!(tagged(source.clone(), 1).await, 2);
    })
    .await;
}

#[tokio::test]
async fn what_one_function_filled_is_ended_by_what_the_other_depends_on() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        tagged(source.clone(), 1).await;
        bound(source.clone(), 1).await;
        source.write(2);
        cache.emit(Event::new("several_row_changed").field("id", 1)).await.expect("acknowledged");
        assert_eq!(bound(source.clone(), 1).await, 2);
        source.write(3);
        cache.invalidate_tag("several").await.expect("acknowledged");
        assert_eq!(tagged(source.clone(), 1).await, 3);
    })
    .await;
}

#[tokio::test]
async fn what_one_function_finds_in_the_store_is_not_shared_with_one_that_depends_on_more() {
    let store = FaultyStore::new(MemoryStore::new());
    let cache =
        Cache::builder().clock(Clock::manual()).store(store.clone()).l1(L1::off()).build().await.expect("coherent");
    let source = Source::new(1);
    cache.clone().scope(tagged(source.clone(), 1)).await;
    source.write(2);
    cache.emit(Event::new("several_row_changed").field("id", 1)).await.expect("acknowledged");
    let held = store.hold(Operation::Read, When::After);
    let finds = tokio::spawn(cache.clone().scope(tagged(source.clone(), 1)));
    held.reached().await;
    let joins = tokio::spawn(cache.clone().scope(bound(source.clone(), 1)));
    Node::settle().await;
    held.release();
    assert_eq!((finds.await.expect("served"), joins.await.expect("served")), (1, 2));
}

#[tokio::test]
async fn a_load_of_one_function_is_not_joined_after_what_ends_it_for_another() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let gate = source.hold();
        let early = tokio::spawn(cache.clone().scope(tagged(source.clone(), 1)));
        gate.reached().await;
        source.write(2);
        // Nobody holds a cell of this event yet.
        cache.emit(Event::new("several_row_changed").field("id", 1)).await.expect("acknowledged");
        let late = tokio::spawn(cache.clone().scope(bound(source.clone(), 1)));
        Node::settle().await;
        gate.release();
        assert_eq!((early.await.expect("served"), late.await.expect("served")), (1, 2));
    })
    .await;
}

#[tokio::test]
async fn nor_is_a_load_by_hand() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let gate = source.hold();
        let early = tokio::spawn({
            let (cache, source) = (cache.clone(), source.clone());
            async move {
                cache
                    .get_or_load("several:row:1", by_hand(&[]), || async { Ok::<_, Infallible>(source.read().await) })
                    .await
            }
        });
        gate.reached().await;
        source.write(2);
        cache.emit(Event::new("several_row_changed").field("id", 1)).await.expect("acknowledged");
        let late = tokio::spawn(cache.clone().scope(bound(source.clone(), 1)));
        Node::settle().await;
        gate.release();
        assert_eq!((early.await.expect("served"), late.await.expect("served")), (Ok(1), 2));
    })
    .await;
}

#[tokio::test]
async fn a_value_set_on_one_node_ends_what_another_keeps_in_memory_only() {
    let (writer, reader) = two_nodes().await;
    let source = Source::new(1);
    reader.clone().scope(kept(source.clone(), 1)).await;
    writer.set("several:kept:1", 2_u64, by_hand(&[])).await.expect("acknowledged");
    source.write(2);
    reader.clock().advance(BOUND);
    assert_eq!(reader.clone().scope(kept(source.clone(), 1)).await, 2);
}

#[tokio::test]
async fn a_call_by_hand_with_another_tag_is_bound_by_its_own() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let load = || async { Ok::<_, Infallible>(source.read().await) };
        for (tag, expected) in [("several:a", 1), ("several:b", 2)] {
            let Ok(_filled) = cache.get_or_load("several:hand", by_hand(&[tag]), load).await;
            source.write(expected + 1);
            cache.invalidate_tag(tag).await.expect("acknowledged");
            let Ok(value) = cache.get_or_load("several:hand", by_hand(&[tag]), load).await;
            assert_eq!(value, expected + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_caller_past_the_bound_is_not_given_a_load_from_before_another_nodes_invalidation() {
    let (writer, reader) = two_nodes().await;
    let source = Source::new(1);
    let gate = source.hold();
    let early = tokio::spawn(reader.clone().scope(tagged(source.clone(), 1)));
    gate.reached().await;
    source.write(2);
    writer.invalidate_tag("several").await.expect("acknowledged");
    reader.clock().advance(BOUND);
    let late = tokio::spawn(reader.clone().scope(tagged(source.clone(), 1)));
    tokio::task::yield_now().await;
    gate.release();
    assert_eq!(early.await.expect("served"), 1, "it began before");
    assert_eq!(late.await.expect("served"), 2);
}

#[tokio::test]
async fn callers_past_the_bound_share_a_load_that_nothing_overtook() {
    let (writer, reader) = two_nodes().await;
    let source = Source::new(1);
    let gate = source.hold();
    let first = tokio::spawn(reader.clone().scope(tagged(source.clone(), 1)));
    gate.reached().await;
    writer.invalidate_tag("something else").await.expect("acknowledged");
    reader.clock().advance(10 * BOUND);
    let late: Vec<_> = (0..100).map(|_| tokio::spawn(reader.clone().scope(tagged(source.clone(), 1)))).collect();
    tokio::task::yield_now().await;
    gate.release();
    assert_eq!(first.await.expect("served"), 1);
    for caller in late {
        assert_eq!(caller.await.expect("served"), 1);
    }
    assert_eq!(source.reads(), 1);
    assert!(reader.stats().revalidated > 0, "{:?}", reader.stats());
}

#[tokio::test]
async fn explain_by_hand_knows_what_the_function_depends_on() {
    on_each(async |cache, over| {
        let source = Source::new(1);
        tagged(source.clone(), 1).await;
        let explained = cache.explain("several:row:1").await;
        let functions = ["fn:behaviours::several::tagged", "fn:bound"];
        assert_eq!(explained.dependencies, [&functions[..], &["tag:several"]].concat(), "over {over:?}");
        cache.invalidate_tag("several").await.expect("acknowledged");
        let explained = cache.explain("several:row:1").await;
        for found in [explained.l1, explained.l2] {
            let found = found.to_string();
            assert!(["invalid", "absent", "off"].iter().any(|word| found.starts_with(word)), "{found}");
        }
    })
    .await;
}
