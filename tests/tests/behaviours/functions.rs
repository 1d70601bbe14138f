//! Invalidation by function: every entry of one, whatever the arguments, and nothing else.

use cache_runtime::testing::Operation;
use cache_runtime::{Error, Policy, assert_hit, assert_miss, cached};
use cache_tests::{BOUND, Source, on_each, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "functions:row:<id>", ttl = 600)]
async fn functions_row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "functions:row:<id>", ttl = 600, consistency = strong)]
async fn functions_strict(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "functions:other:<id>", ttl = 600, tags = ["functions"])]
async fn functions_other(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "functions:kept:<id>", ttl = 600, tiers = l1, name = "functions-kept")]
async fn kept(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

fn minute() -> Policy {
    Policy::ttl(Duration::from_secs(60))
}

#[tokio::test]
async fn invalidating_a_function_ends_all_its_entries_and_only_them() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        for id in 0..5 {
            functions_row(source.clone(), id).await;
            functions_other(source.clone(), id).await;
        }
        cache.invalidate_function("functions_row").await.expect("acknowledged");
        for id in 0..5 {
            assert_miss!(functions_row(source.clone(), id));
            assert_hit!(functions_row(source.clone(), id));
            assert_hit!(functions_other(source.clone(), id));
        }
        assert_eq!(cache.stats().invalidations, 1);
    })
    .await;
}

#[tokio::test]
async fn a_function_that_is_named_by_its_attribute_is_invalidated_by_that_name() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        kept(source.clone(), 1).await;
        assert_hit!(kept(source.clone(), 1));
        cache.invalidate_function("functions-kept").await.expect("acknowledged");
        assert_miss!(kept(source.clone(), 1));
    })
    .await;
}

#[tokio::test]
async fn functions_with_the_same_keys_are_ended_together() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        functions_row(source.clone(), 1).await;
        assert_hit!(functions_strict(source.clone(), 1));
        source.write(2);
        cache.invalidate_function("functions_strict").await.expect("acknowledged");
        assert_eq!(functions_row(source.clone(), 1).await, 2);
        source.write(3);
        cache.invalidate_function("functions_row").await.expect("acknowledged");
        assert_eq!(functions_strict(source.clone(), 1).await, 3);
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_by_hand_under_a_functions_key_is_ended_with_it() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        functions_row(source.clone(), 1).await;
        cache.set("functions:row:1", 7_u64, minute()).await.expect("set");
        assert_eq!(assert_hit!(functions_row(source.clone(), 1)), 7);
        cache.set("functions:rows", 8_u64, minute()).await.expect("set");
        cache.invalidate_function("functions_row").await.expect("acknowledged");
        assert_eq!(cache.get::<u64>("functions:row:1").await, None);
        assert_eq!(assert_miss!(functions_row(source.clone(), 1)), 1);
        assert_eq!(cache.get::<u64>("functions:rows").await, Some(8));
    })
    .await;
}

#[tokio::test]
async fn a_load_that_was_under_way_is_not_kept() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let gate = source.hold();
        let load = tokio::spawn(cache.clone().scope(functions_row(source.clone(), 1)));
        gate.reached().await;
        source.write(2);
        cache.invalidate_function("functions_row").await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(assert_miss!(functions_row(source.clone(), 1)), 2);
    })
    .await;
}

#[tokio::test]
async fn other_nodes_know_it_within_the_bound_and_with_a_token_at_once() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.store().lose_messages(true);
        b.run(functions_row(source.clone(), 1)).await;
        source.write(2);
        let bumps = a.store().calls(Operation::Bump);
        let token = a.cache().invalidate_function("functions_row").await.expect("acknowledged");
        assert_eq!(a.store().calls(Operation::Bump), bumps + 1, "whatever the number of entries");
        assert_eq!(b.cache().clone().scope_after(token, functions_row(source.clone(), 1)).await, 2);
        source.write(3);
        a.cache().invalidate_function("functions_row").await.expect("acknowledged");
        b.clock().advance(BOUND);
        assert_eq!(b.run(functions_row(source.clone(), 1)).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_name_that_no_function_has_is_an_error_with_a_hint() {
    on_each(async |cache, _| {
        let unknown = cache.invalidate_function("functions_rwo").await.expect_err("it is misspelt");
        assert!(matches!(&unknown, Error::UnknownFunction { name, .. } if name == "functions_rwo"));
        assert_eq!(unknown.to_string(), "no cached function is named `functions_rwo`; did you mean `functions_row`?");
        let unknown = cache.invalidate_function("q").await.expect_err("nothing is like it");
        assert_eq!(unknown.to_string(), "no cached function is named `q`");
    })
    .await;
}
