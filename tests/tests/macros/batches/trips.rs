//! What reaches the body and the store, and in how many questions.

use super::{Log, expected, rows, users};
use cache_runtime::testing::{FaultyStore, Operation};
use cache_runtime::{Cache, MemoryStore, Policy, assert_hit, cached};
use cache_tests::{BOUND, Source, on_each, on_nodes, over_redis};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn r01_only_what_nobody_has_reaches_the_body_and_in_one_call() {
    on_each(async |_, _| {
        let log = Log::default();
        assert_eq!(users(&log, &[1, 2]).await, Ok(expected(&[1, 2])));
        assert_eq!(users(&log, &[3, 2, 1, 4]).await, Ok(expected(&[1, 2, 3, 4])));
        assert_eq!(assert_hit!(users(&log, &[4, 3, 2, 1])), Ok(expected(&[1, 2, 3, 4])));
        assert_eq!(log.calls(), [vec![1, 2], vec![3, 4]]);
    })
    .await;
}

#[tokio::test]
async fn r01_the_store_is_asked_once_for_all_of_them() {
    for store in [FaultyStore::new(MemoryStore::new()), over_redis().await] {
        let cache = |namespace: &str| Cache::builder().store(store.clone()).namespace(namespace.to_owned()).build();
        let namespace = format!("r01-{}", std::process::id());
        let (one, other) = (cache(&namespace).await.expect("coherent"), cache(&namespace).await.expect("coherent"));
        let (log, ids) = (Log::default(), (20..70).collect::<Vec<u64>>());
        let before = store.calls(Operation::Read);
        one.scope(users(&log, &ids)).await.expect("loaded");
        assert_eq!(store.calls(Operation::Read) - before, 1, "nothing is there");
        let found = other.scope(users(&log, &ids)).await;
        assert_eq!(found, Ok(expected(&ids)));
        assert_eq!(store.calls(Operation::Read) - before, 2, "all of it is there");
        assert_eq!(log.calls().len(), 1);
    }
}

#[tokio::test]
async fn r07_no_ids_ask_nobody() {
    let store = FaultyStore::new(MemoryStore::new());
    let cache = Cache::builder().store(store.clone()).build().await.expect("coherent");
    let log = Log::default();
    assert_eq!(cache.clone().scope(users(&log, &[])).await, Ok(HashMap::new()));
    assert_eq!(cache.get_many::<u64>(&[]).await, []);
    assert_eq!(store.calls(Operation::Read) + store.calls(Operation::Begin), 0);
    assert_eq!(log.calls().len(), 0);
}

#[tokio::test]
async fn a_store_that_is_away_is_a_miss_of_all_of_them() {
    let store = FaultyStore::new(MemoryStore::new());
    let cache = Cache::builder().store(store.clone()).build().await.expect("coherent");
    let log = Log::default();
    store.fail(Operation::Read);
    store.fail(Operation::Begin);
    for _ in 0..2 {
        assert_eq!(cache.clone().scope(users(&log, &[1, 2])).await, Ok(expected(&[1, 2])));
    }
    assert_eq!(log.calls().len(), 2);
}

#[tokio::test]
async fn keys_by_hand_can_be_got_together() {
    on_each(async |cache, _| {
        for at in [1_u64, 3] {
            cache.set(&format!("batch-hand:{at}"), at, Policy::ttl(Duration::from_secs(60))).await.expect("set");
        }
        let keys = ["batch-hand:1", "batch-hand:2", "batch-hand:3"];
        assert_eq!(cache.get_many::<u64>(&keys).await, [Some(1), None, Some(3)]);
        assert_eq!(cache.get_many::<String>(&keys).await, [None, None, None]);
    })
    .await;
}

/// Over a cluster it is a test of `store_cluster`.
#[tokio::test]
async fn r09_several_keys_are_removed_in_one_step_and_no_others() {
    on_each(async |cache, _| {
        let (source, log) = (Source::new(1), Arc::<Log>::default());
        rows(source.clone(), log.clone(), vec![1, 2, 3]).await;
        assert_eq!(cache.remove_many(&["batch:row:1", "batch:row:3", "batch:row:4"]).await.expect("acknowledged"), 2);
        assert_eq!(cache.remove_many(&[]).await.expect("nothing to do"), 0);
        rows(source.clone(), log.clone(), vec![1, 2, 3]).await;
        assert_eq!(log.calls(), [vec![1, 2, 3], vec![1, 3]]);
    })
    .await;
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Tagged(u64);

#[cached(key = "batch:tagged:<id>", ttl = 600, tags = ["batch:team:<return.0>"], batch(id = ids))]
async fn tagged(log: &Log, ids: &[u64]) -> HashMap<u64, Tagged> {
    log.note(ids);
    ids.iter().map(|id| (*id, Tagged(id % 3))).collect()
}

#[tokio::test]
async fn r01_entries_with_tags_of_their_values_take_one_question_more_for_all_of_them() {
    on_nodes(async |[one, cold]| {
        let (log, ids) = (Log::default(), (0..20).collect::<Vec<u64>>());
        let loaded = one.run(tagged(&log, &ids)).await;
        let before = cold.store().calls(Operation::Read);
        assert_eq!(cold.run(tagged(&log, &ids)).await, loaded);
        assert_eq!(cold.store().calls(Operation::Read) - before, 2);
        one.cache().invalidate_tag("batch:team:1").await.expect("acknowledged");
        cold.cache().clock().advance(BOUND);
        cold.run(tagged(&log, &ids)).await;
        assert_eq!(log.calls(), [(0..20).collect::<Vec<u64>>(), (0..20).filter(|id| id % 3 == 1).collect()]);
    })
    .await;
}
