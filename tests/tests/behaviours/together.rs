//! Invalidations of one node that come while another is under way go together in the next step, and what is promised
//! holds for each of them: K01, K16.

use cache_runtime::store::{Deadlines, Resilience};
use cache_runtime::testing::{FaultyStore, Held, Node, Operation, When};
use cache_runtime::{Cache, Error, Event, MemoryStore, StoreError, Token, cached};
use cache_tests::{Source, on_nodes};
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

#[cached(key = "together:row:<id>", ttl = 600, invalidate_on = ["together_changed"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

fn changed(id: u64) -> Event {
    Event::new("together_changed").field("id", id)
}

type Emission = JoinHandle<Result<Token, Error>>;

fn emit(cache: &Cache, id: u64) -> Emission {
    let cache = cache.clone();
    tokio::spawn(async move { cache.emit(changed(id)).await })
}

/// A bump that is under way, and so many more that have come since.
async fn one_and_more(node: &Node, more: u64) -> (Held, Emission, Vec<Emission>) {
    let held = node.store().hold(Operation::Bump, When::Before);
    let first = emit(node.cache(), 0);
    held.reached().await;
    let others = (1..=more).map(|id| emit(node.cache(), id)).collect();
    Node::settle().await;
    (held, first, others)
}

async fn all(emissions: Vec<Emission>) -> Vec<Result<Token, Error>> {
    join_all(emissions).await.into_iter().map(|joined| joined.expect("no panic")).collect()
}

/// Nodes whose stores are one, of so many partitions, and are waited for as long as a busy machine may take.
async fn parted<const N: usize>(partitions: u16) -> [Node; N] {
    let patient = Some(Deadlines { read: PATIENCE, write: PATIENCE });
    resilient(partitions, Resilience { deadlines: patient, ..Resilience::default() }).await
}

async fn resilient<const N: usize>(partitions: u16, resilience: Resilience) -> [Node; N] {
    let memory = MemoryStore::new().with_partitions(partitions);
    let built = Node::on(|| FaultyStore::new(memory.clone()), |builder| builder.resilience(resilience));
    built.await.expect("coherent")
}

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_comes_while_one_is_under_way_goes_together_in_the_next() {
    let [node] = parted(1).await;
    let (held, first, others) = one_and_more(&node, 50).await;
    assert_eq!(node.store().calls(Operation::Bump), 1, "the others wait");
    held.release();
    let first = first.await.expect("no panic").expect("acknowledged");
    let others = all(others).await;
    assert_eq!(node.store().calls(Operation::Bump), 2);
    for other in others {
        assert_ne!(other.expect("acknowledged"), first, "by a step that began after its call");
    }
}

#[tokio::test]
async fn each_of_them_is_read_anew_here_and_elsewhere() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let read = async |node: &Node| {
            let reads = (0..40).map(|id| node.run(row(source.clone(), id)));
            join_all(reads).await
        };
        assert_eq!((read(&a).await, read(&b).await), (vec![1; 40], vec![1; 40]));
        source.write(2);
        let tokens = join_all((0..40).map(|id| a.cache().emit(changed(id)))).await;
        assert_eq!(read(&a).await, [2; 40]);
        for (id, token) in tokens.into_iter().enumerate() {
            let token = token.expect("acknowledged");
            assert_eq!(b.cache().clone().scope_after(token, row(source.clone(), id as u64)).await, 2);
        }
    })
    .await;
}

#[tokio::test]
async fn what_goes_wrong_is_an_error_to_each_of_them_and_says_the_same() {
    let [node] = parted(1).await;
    let (held, first, others) = one_and_more(&node, 20).await;
    node.store().fail(Operation::Bump);
    held.release();
    let errors: Vec<String> =
        all(others).await.into_iter().map(|said| said.expect_err("it was told to fail").to_string()).collect();
    let said = first.await.expect("no panic").expect_err("so was it").to_string();
    assert!(said.contains("it was told to fail"), "{said}");
    assert!(errors.iter().all(|error| *error == said), "{errors:?}");
    assert_eq!(node.cache().stats().invalidations_failed, 21);
    node.store().heal();
    emit(node.cache(), 1).await.expect("no panic").expect("the next one is none of theirs");
}

#[tokio::test]
async fn who_gives_up_takes_nobody_along() {
    let source = Source::new(1);
    let [node] = parted(1).await;
    for id in 0..4 {
        assert_eq!(node.run(row(source.clone(), id)).await, 1);
    }
    source.write(2);
    let (held, first, mut others) = one_and_more(&node, 3).await;
    // The one that is under way, and one of those that wait.
    first.abort();
    others.remove(0).abort();
    Node::settle().await;
    held.release();
    for said in all(others).await {
        said.expect("acknowledged");
    }
    // Who gave up does not know; here, nothing of what they named is answered with the old value either.
    for id in 0..4 {
        assert_eq!(node.run(row(source.clone(), id)).await, 2, "{id}");
    }
}

#[tokio::test]
async fn when_all_have_given_up_the_next_one_does_not_wait_for_them() {
    let [node] = parted(1).await;
    let (held, first, others) = one_and_more(&node, 3).await;
    [first].iter().chain(&others).for_each(JoinHandle::abort);
    Node::settle().await;
    emit(node.cache(), 9).await.expect("no panic").expect("the store is not held for it");
    held.release();
}

/// As in a `select!` whose other branch emits as well.
#[tokio::test]
async fn who_does_not_ask_for_the_answer_holds_nobody_up() {
    let [node] = parted(1).await;
    let held = node.store().hold(Operation::Bump, When::After);
    let mut first = Box::pin(node.cache().emit(changed(0)));
    assert!(first.as_mut().now_or_never().is_none(), "it is held");
    let mut waits = Box::pin(node.cache().emit(changed(1)));
    assert!(waits.as_mut().now_or_never().is_none(), "it waits for the first");
    held.release();
    node.cache().emit(changed(2)).await.expect("acknowledged, and neither of the others was polled meanwhile");
    first.await.expect("it was performed meanwhile");
    waits.await.expect("so was this");
}

/// A runtime that is shut down takes its timers along, and whoever waits for something with one of them.
#[tokio::test]
async fn nobody_waits_for_what_another_runtime_has_under_way() {
    let [node] = parted(1).await;
    let (held, first, _) = one_and_more(&node, 0).await;
    let cache = node.cache().clone();
    let elsewhere = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it can be started");
        runtime.block_on(cache.emit(changed(1)))
    });
    let elsewhere = tokio::task::spawn_blocking(|| elsewhere.join()).await.expect("no panic").expect("nor there");
    assert_ne!(elsewhere.expect("acknowledged"), Token::default());
    held.release();
    first.await.expect("no panic").expect("acknowledged");
}

#[tokio::test]
async fn ten_thousand_at_once_are_a_few_steps() {
    let [node] = parted(1).await;
    let (held, first, _) = one_and_more(&node, 0).await;
    let mut others = Box::pin(join_all((1..=10_000).map(|id| node.cache().emit(changed(id)))));
    assert!(others.as_mut().now_or_never().is_none(), "all of them wait");
    held.release();
    first.await.expect("no panic").expect("acknowledged");
    for said in others.await {
        said.expect("acknowledged");
    }
    // 1,024 names at most in each, of the two that each of them has.
    let steps = node.store().calls(Operation::Bump);
    assert!((11..=21).contains(&steps), "{steps}");
}

#[tokio::test]
async fn a_thousand_at_once_are_acknowledged_over_every_store() {
    on_nodes(async |[node]| {
        for said in join_all((0..1_000).map(|id| node.cache().emit(changed(id)))).await {
            assert!(node.has_heard_of(&said.expect("acknowledged")));
        }
    })
    .await;
}

/// What another names is nobody else's fault.
#[tokio::test]
async fn what_the_store_refuses_for_good_is_an_error_to_him_alone_who_named_it() {
    let [node] = parted(1).await;
    node.store().refuse("tag:refused");
    let held = node.store().hold(Operation::Bump, When::Before);
    let invalidate = |tag: &'static str| {
        let cache = node.cache().clone();
        tokio::spawn(async move { cache.invalidate_tag(tag).await })
    };
    let first = invalidate("first");
    held.reached().await;
    let others = [invalidate("before"), invalidate("refused"), invalidate("after")];
    Node::settle().await;
    held.release();
    first.await.expect("no panic").expect("acknowledged");
    let [before, refused, after] = others.map(|other| async { other.await.expect("no panic").map(drop) });
    assert!(refused.await.is_err_and(|error| matches!(error, Error::Store(StoreError::Refused { .. }))));
    before.await.expect("acknowledged");
    after.await.expect("acknowledged");
}

#[tokio::test]
async fn who_invalidates_alone_has_the_error_as_the_store_said_it() {
    let [node] = parted(1).await;
    node.store().fail(Operation::Bump);
    let failed = node.cache().invalidate_tag("alone").await.expect_err("it was told to fail");
    let Error::Store(StoreError::Unreachable { cause, .. }) = failed else { panic!("{failed:?}") };
    assert_eq!(format!("{cause:?}"), "\"it was told to fail\"");
}

/// A cluster's server is asked once, its breaker too: what counts there are operations.
#[tokio::test]
async fn names_of_several_partitions_are_one_operation() {
    let [node] = resilient(64, Resilience { retries: 0, max_in_flight: 1, ..Resilience::default() }).await;
    let tags: Vec<String> = (0..20).map(|at| format!("together-{at}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    node.cache().invalidate_tags(&tags).await.expect("acknowledged");
    node.store().fail(Operation::Bump);
    node.cache().invalidate_tags(&tags).await.expect_err("it was told to fail");
    assert_eq!((node.store().calls(Operation::Bump), node.cache().stats().breakers_open), (2, 0));
}

/// By the time of a runtime whose clock stands still while there is something to do.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_others_longer_than_an_operation_may_take() {
    let (limit, tries) = (Duration::from_millis(100), 2);
    let deadlines = Some(Deadlines { read: limit, write: limit });
    let resilience = Resilience { deadlines, retries: tries - 1, breaker: None, ..Resilience::default() };
    let [node] = resilient(1, resilience).await;
    let held: Vec<Held> = (0..100).map(|_| node.store().hold(Operation::Bump, When::Before)).collect();
    let began = tokio::time::Instant::now();
    let large = |at: u64| {
        let cache = node.cache().clone();
        tokio::spawn(async move {
            let tags: Vec<String> = (0..1_000).map(|tag| format!("{at}:{tag}")).collect();
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            cache.invalidate_tags(&tags).await.expect_err("the store is frozen");
            began.elapsed()
        })
    };
    for waited in join_all((0..6).map(large)).await {
        let waited = waited.expect("no panic");
        assert!(waited <= limit * (1 + tries) + Duration::from_millis(50), "{waited:?}");
    }
    drop(held);
}
