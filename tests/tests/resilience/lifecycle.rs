//! Caches that are named, switched off, ended and used too early: J04, J09, V03, V04, V05, V06, V08.

use cache_runtime::testing::{Node, Operation, When};
use cache_runtime::{Cache, Clock, Error, MemoryStore, Notice, Policy, assert_hit, cached};
use cache_tests::{Source, eventually};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "lifecycle:row:<id>", ttl = 60, tags = ["lifecycle"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[tokio::test]
async fn v03_a_cache_that_is_switched_off_runs_every_body_and_invalidates_all_the_same() {
    let [a, b] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    b.run(row(source.clone(), 1)).await;
    a.run(row(source.clone(), 1)).await;
    a.cache().set_enabled(false);
    source.write(2);
    assert_eq!(a.run(row(source.clone(), 1)).await, 2, "from its body");
    assert_eq!(b.run(async { assert_hit!(row(source.clone(), 1)) }).await, 1, "nothing was kept, nobody was told");
    let token = a.cache().invalidate_tag("lifecycle").await.expect("performed");
    eventually(|| b.has_heard_of(&token)).await;
    assert_eq!(b.run(row(source.clone(), 1)).await, 2);
    a.cache().set_enabled(true);
    assert_eq!(a.run(row(source.clone(), 1)).await, 2, "without a restart, and nothing old");
    a.run(async { assert_hit!(row(source.clone(), 1)) }).await;
}

/// The half of the sentence that is about single commands: what a call may use is said by the call.
#[tokio::test]
async fn v03_reading_alone_can_be_switched_off_for_a_call() {
    use cache_runtime::{Call, with};
    let [node] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    node.run(row(source.clone(), 1)).await;
    source.write(2);
    assert_eq!(node.run(with(Call::refresh(), row(source.clone(), 1))).await, 2, "not read, and written");
    assert_eq!(node.run(async { assert_hit!(row(source.clone(), 1)) }).await, 2);
    source.write(3);
    assert_eq!(node.run(with(Call::bypass(), row(source.clone(), 1))).await, 3, "neither read nor written");
    assert_eq!(node.run(async { assert_hit!(row(source.clone(), 1)) }).await, 2);
}

#[tokio::test]
async fn v04_a_call_before_any_cache_was_made_is_answered() {
    let source = Source::new(1);
    assert_eq!(row(source.clone(), 4).await, 1);
    // By a cache of the process's own, until another is installed.
    let ours = Cache::builder().build().await.expect("coherent");
    ours.install();
    source.write(2);
    assert_eq!(row(source.clone(), 4).await, 2, "the installed one has nothing yet");
    assert_eq!(ours.stats().loads, 1);
}

#[tokio::test]
async fn v05_a_tenant_that_is_asked_for_twice_is_the_same_and_so_is_the_current_cache() {
    let cache = Cache::builder().build().await.expect("coherent");
    let policy = || Policy::ttl(Duration::from_secs(60));
    let (one, again) = (cache.tenant("acme").expect("a name"), cache.tenant("acme").expect("a name"));
    one.set("k", 7_u64, policy()).await.expect("there is no store");
    assert_eq!(again.get::<u64>("k").await, Some(7));
    assert_eq!(cache.tenant("other").expect("a name").get::<u64>("k").await, None);
    let test = async {
        cache_runtime::current().set("k", 8_u64, policy()).await.expect("there is no store");
        assert_eq!(cache_runtime::current().get::<u64>("k").await, Some(8));
    };
    cache.clone().scope(test).await;
    assert_eq!(cache.get::<u64>("k").await, Some(8));
}

#[tokio::test]
async fn v08_an_observer_that_fails_from_the_first_notice_on_takes_nothing_along() {
    let observer = |_: &Notice<'_>| panic!("it never works");
    let clock = Clock::manual();
    let builder = Cache::builder().clock(clock.clone()).store(MemoryStore::with_clock(clock)).observer(observer);
    // It has no namespace, which is told while it is built.
    let cache = builder.configure("no_such_function", Policy::default()).build().await.expect("coherent");
    let source = Source::new(7);
    assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 7);
    cache.clone().scope(async { assert_hit!(row(source, 1)) }).await;
}

#[tokio::test]
async fn j04_a_cache_that_is_switched_off_or_ended_in_the_middle_of_a_call_answers_it() {
    for ends in [false, true] {
        for operation in [Operation::Read, Operation::Begin, Operation::Commit] {
            let [node] = Node::several().await.expect("coherent");
            let (source, held) = (Source::new(7), node.store().hold(operation, When::Before));
            let calling = tokio::spawn(node.run(row(source.clone(), 1)));
            held.reached().await;
            match ends {
                false => node.cache().set_enabled(false),
                true => node.cache().shutdown(Duration::ZERO).await,
            }
            held.release();
            assert_eq!(calling.await.expect("no panic"), 7);
            assert_eq!(node.run(row(source.clone(), 1)).await, 7);
            assert_eq!(node.cache().stats().flights, 0);
        }
    }
}

#[tokio::test]
async fn v06_after_the_end_explicit_calls_say_so_and_functions_run_their_bodies() {
    let [node] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    node.run(row(source.clone(), 1)).await;
    node.cache().shutdown(Duration::from_secs(1)).await;
    source.write(2);
    assert_eq!(node.run(row(source.clone(), 1)).await, 2);
    let cache = node.cache();
    let policy = Policy::ttl(Duration::from_secs(60));
    let refused = [
        cache.invalidate_tag("lifecycle").await.map(drop),
        cache.remove("k").await.map(drop),
        cache.clear().await.map(drop),
        cache.set("k", 1_u64, policy).await,
    ];
    assert!(refused.iter().all(|said| matches!(said, Err(Error::ShutDown))), "{refused:?}");
    assert_eq!(cache.get::<u64>("k").await, None);
}

/// An answer of the store that comes late is older than what memory has got in the meantime.
#[tokio::test]
async fn j09_an_older_entry_of_the_store_does_not_replace_a_newer_one_in_memory() {
    let [a, b] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    b.run(row(source.clone(), 1)).await;
    a.run(row(source.clone(), 2)).await;
    let late = a.store().hold(Operation::Read, When::After);
    let reading = tokio::spawn(a.run(row(source.clone(), 1)));
    late.reached().await;
    source.write(2);
    let token = b.cache().invalidate_tag("lifecycle").await.expect("performed");
    eventually(|| a.has_heard_of(&token)).await;
    late.release();
    reading.await.expect("no panic");
    assert_eq!(a.run(row(source.clone(), 1)).await, 2);
    assert_eq!(a.run(async { assert_hit!(row(source.clone(), 1)) }).await, 2);
}

#[tokio::test]
async fn j09_and_a_newer_one_of_the_store_replaces_an_older_one_in_memory() {
    let [a, b] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    a.run(row(source.clone(), 1)).await;
    source.write(2);
    let token = b.cache().invalidate_tag("lifecycle").await.expect("performed");
    b.run(row(source.clone(), 1)).await;
    eventually(|| a.has_heard_of(&token)).await;
    let loads = a.cache().stats().loads;
    assert_eq!(a.run(row(source.clone(), 1)).await, 2);
    assert_eq!(a.cache().stats().loads, loads, "from the store");
}
