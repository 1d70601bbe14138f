//! What batches share with each other and with calls of one id: entries, flights, and what is said of a call.

use super::{BatchUserChanged, Log, expected, name_of, row, rows, user, users};
use cache_runtime::{Cache, Call, assert_hit, assert_miss, cached, with};
use cache_tests::{Source, on_each};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn r02_batches_that_overlap_load_each_id_once() {
    on_each(async |cache, _| {
        let (source, log) = (Source::new(7), Arc::<Log>::default());
        let gate = source.hold();
        let first = tokio::spawn(cache.clone().scope(rows(source.clone(), log.clone(), vec![1, 2, 3])));
        gate.reached().await;
        let second = tokio::spawn(cache.scope(rows(source.clone(), log.clone(), vec![2, 3, 4])));
        tokio::task::yield_now().await;
        gate.release();
        assert_eq!(first.await.expect("served").len(), 3);
        assert_eq!(second.await.expect("served").len(), 3);
        assert_eq!(log.calls(), [vec![1, 2, 3], vec![4]]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r02_batches_that_wait_for_each_other_all_end() {
    let cache = Cache::in_memory();
    for round in 0..200_u64 {
        let (source, log) = (Source::new(7), Arc::<Log>::default());
        let ids: Vec<u64> = (0..8).map(|at| round * 100 + at).collect();
        let tasks: Vec<_> = (0..8)
            .map(|shift| {
                let mut ids = ids.clone();
                ids.rotate_left(shift);
                tokio::spawn(cache.clone().scope(rows(source.clone(), log.clone(), ids[..5].to_vec())))
            })
            .collect();
        for task in tasks {
            let served = tokio::time::timeout(Duration::from_secs(30), task).await.expect("it ends").expect("no panic");
            assert_eq!(served.len(), 5);
        }
    }
}

#[tokio::test]
async fn r03_one_id_and_several_share_entries_and_flights() {
    on_each(async |cache, _| {
        let log = Log::default();
        assert_eq!(user(&log, 1).await, Ok(Some(name_of(1))));
        assert_eq!(users(&log, &[1, 2]).await, Ok(expected(&[1, 2])));
        assert_eq!(assert_hit!(user(&log, 2)), Ok(Some(name_of(2))));
        assert_eq!(log.calls(), [vec![1], vec![2]]);

        let (source, log) = (Source::new(7), Arc::<Log>::default());
        let gate = source.hold();
        let batch = tokio::spawn(cache.clone().scope(rows(source.clone(), log.clone(), vec![1, 2])));
        gate.reached().await;
        let single = tokio::spawn(cache.scope(row(source.clone(), log.clone(), 2)));
        tokio::task::yield_now().await;
        gate.release();
        assert_eq!((batch.await.expect("served").len(), single.await.expect("served")), (2, 7));
        assert_eq!(log.calls(), [vec![1, 2]]);
    })
    .await;
}

#[tokio::test]
async fn r10_an_id_that_is_invalidated_during_the_load_is_the_only_one_that_is_not_kept() {
    #[cached(key = "batch:held:<id>", ttl = 600, invalidate_on = [BatchUserChanged], batch(id = ids))]
    async fn held(source: Arc<Source>, log: Arc<Log>, ids: Vec<u64>) -> HashMap<u64, u64> {
        log.note(&ids);
        let value = source.read().await;
        ids.into_iter().map(|id| (id, value)).collect()
    }
    on_each(async |cache, _| {
        let (source, log) = (Source::new(1), Arc::<Log>::default());
        let gate = source.hold();
        let load = tokio::spawn(cache.clone().scope(held(source.clone(), log.clone(), vec![1, 2, 3])));
        gate.reached().await;
        source.write(2);
        cache.emit(BatchUserChanged { id: 2 }).await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        let all = held(source.clone(), log.clone(), vec![1, 2, 3]).await;
        assert_eq!(all, HashMap::from([(1, 1), (2, 2), (3, 1)]));
        assert_eq!(log.calls(), [vec![1, 2, 3], vec![2]]);
    })
    .await;
}

/// Y08
#[tokio::test]
async fn the_future_of_a_batch_is_send() {
    fn is_send(_: &impl Send) {}
    let log = Log::default();
    is_send(&users(&log, &[1]));
    let missed = async { assert_miss!(users(&log, &[1])) };
    Cache::in_memory().scope(missed).await.expect("loaded");
}

#[tokio::test]
async fn r08_a_call_may_do_without_the_cache_replace_it_or_take_nothing_else() {
    on_each(async |_, _| {
        let (source, log) = (Source::new(1), Arc::<Log>::default());
        let ask = |ids: Vec<u64>| rows(source.clone(), log.clone(), ids);
        ask(vec![1, 2]).await;
        source.write(2);
        assert_eq!(with(Call::only_cached(), ask(vec![1, 3])).await, HashMap::from([(1, 1)]));
        assert_eq!(with(Call::bypass(), ask(vec![1])).await, HashMap::from([(1, 2)]));
        assert_eq!(assert_hit!(ask(vec![1, 2])), HashMap::from([(1, 1), (2, 1)]), "that kept nothing");
        assert_eq!(with(Call::refresh(), ask(vec![1, 3])).await, HashMap::from([(1, 2), (3, 2)]));
        assert_eq!(assert_hit!(ask(vec![1, 2, 3])), HashMap::from([(1, 2), (2, 1), (3, 2)]));
        assert_eq!(log.calls(), [vec![1, 2], vec![1], vec![1, 3]]);
    })
    .await;
}
