//! Several ids in one call: group R.

use cache_runtime::testing::{FaultyStore, Operation};
use cache_runtime::{Cache, CacheEvent, Call, MemoryStore, Policy, assert_hit, assert_miss, cached, with};
use cache_tests::{Over, Source, on_each, over_redis};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the bodies were asked for.
#[derive(Default)]
struct Log(Mutex<Vec<Vec<u64>>>);

impl Log {
    fn calls(&self) -> Vec<Vec<u64>> {
        let mut calls = std::mem::take(&mut *self.0.lock().expect("no panic"));
        calls.iter_mut().for_each(|ids| ids.sort_unstable());
        calls
    }

    fn note(&self, ids: &[u64]) {
        self.0.lock().expect("no panic").push(ids.to_vec());
    }
}

#[derive(CacheEvent)]
struct BatchUserChanged {
    id: u64,
}

fn name_of(id: u64) -> String {
    format!("user {id}")
}

/// There are users up to 99.
#[cached(key = "batch:user:<id>", ttl = 600, none_ttl = 60, invalidate_on = [BatchUserChanged], batch(id = ids))]
async fn users(log: &Log, ids: &[u64]) -> Result<HashMap<u64, String>, String> {
    log.note(ids);
    if ids.contains(&13) {
        return Err("thirteen".to_owned());
    }
    Ok(ids.iter().filter(|id| **id < 100).map(|id| (*id, name_of(*id))).collect())
}

#[cached(key = "batch:user:<id>", ttl = 600, invalidate_on = [BatchUserChanged])]
async fn user(log: &Log, id: u64) -> Result<Option<String>, String> {
    log.note(&[id]);
    Ok((id < 100).then(|| name_of(id)))
}

fn expected(ids: &[u64]) -> HashMap<u64, String> {
    ids.iter().map(|id| (*id, name_of(*id))).collect()
}

/// R01
#[tokio::test]
async fn only_what_nobody_has_reaches_the_body_and_in_one_call() {
    on_each(async |_, _| {
        let log = Log::default();
        assert_eq!(users(&log, &[1, 2]).await, Ok(expected(&[1, 2])));
        assert_eq!(users(&log, &[3, 2, 1, 4]).await, Ok(expected(&[1, 2, 3, 4])));
        assert_eq!(assert_hit!(users(&log, &[4, 3, 2, 1])), Ok(expected(&[1, 2, 3, 4])));
        assert_eq!(log.calls(), [vec![1, 2], vec![3, 4]]);
    })
    .await;
}

/// R01
#[tokio::test]
async fn the_store_is_asked_once_for_all_of_them() {
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

#[cached(key = "batch:row:<id>", ttl = 600, batch(id = ids))]
async fn rows(source: Arc<Source>, log: Arc<Log>, ids: Vec<u64>) -> HashMap<u64, u64> {
    log.note(&ids);
    let value = source.read().await;
    ids.into_iter().map(|id| (id, value)).collect()
}

#[cached(key = "batch:row:<id>", ttl = 600, skip(source))]
async fn row(source: Arc<Source>, log: Arc<Log>, id: u64) -> u64 {
    log.note(&[id]);
    source.read().await
}

/// R02
#[tokio::test]
async fn batches_that_overlap_load_each_id_once() {
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

/// R02
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_that_wait_for_each_other_all_end() {
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

/// R03
#[tokio::test]
async fn one_id_and_several_share_entries_and_flights() {
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

/// R04
#[tokio::test]
async fn an_id_that_fails_is_reported_and_the_others_are_kept() {
    #[cached(key = "batch:odd:<id>", ttl = 600, batch(id = ids))]
    async fn odd(log: &Log, ids: &[u64]) -> BTreeMap<u64, Result<u64, String>> {
        log.note(ids);
        ids.iter().map(|id| (*id, if id % 2 == 1 { Ok(*id) } else { Err("even".to_owned()) })).collect()
    }
    on_each(async |_, _| {
        let log = Log::default();
        for calls in [vec![1, 2, 3], vec![2]] {
            let all = odd(&log, &[1, 2, 3]).await;
            assert_eq!(all, BTreeMap::from([(1, Ok(1)), (2, Err("even".to_owned())), (3, Ok(3))]));
            assert_eq!(log.calls(), [calls]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_that_fails_keeps_nothing_and_leaves_what_was_there() {
    on_each(async |_, _| {
        let log = Log::default();
        users(&log, &[1]).await.expect("loaded");
        assert_eq!(users(&log, &[1, 2, 13]).await, Err("thirteen".to_owned()));
        assert_eq!(assert_hit!(users(&log, &[1])), Ok(expected(&[1])));
        assert_eq!(users(&log, &[2]).await, Ok(expected(&[2])));
        assert_eq!(log.calls(), [vec![1], vec![2, 13], vec![2]]);
    })
    .await;
}

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Named {
    id: u64,
    name: String,
}

impl Named {
    fn id(&self) -> u64 {
        self.id
    }
}

/// R05
#[tokio::test]
async fn a_list_has_the_order_and_the_repetitions_of_its_ids() {
    #[cached(key = "batch:named:<id>", ttl = 600, batch(id = ids, by = Named::id))]
    async fn named(log: &Log, ids: impl IntoIterator<Item = u64> + Send) -> Result<Vec<Named>, String> {
        let mut ids: Vec<u64> = ids.into_iter().collect();
        log.note(&ids);
        ids.reverse();
        Ok(ids.into_iter().filter(|id| *id < 100).map(|id| Named { id, name: name_of(id) }).collect())
    }
    on_each(async |_, _| {
        let log = Log::default();
        for _ in 0..2 {
            let all = named(&log, [3, 1, 3, 100, 2]).await.expect("loaded");
            assert_eq!(all.iter().map(Named::id).collect::<Vec<_>>(), [3, 1, 3, 2]);
        }
        assert_eq!(log.calls(), [vec![1, 2, 3, 100], vec![100]]);
    })
    .await;
}

/// R06
#[tokio::test]
async fn ids_that_the_body_does_not_return_are_remembered_as_absent() {
    on_each(async |cache, over| {
        let log = Log::default();
        assert_eq!(users(&log, &[1, 100]).await, Ok(expected(&[1])));
        assert_eq!(users(&log, &[1, 100]).await, Ok(expected(&[1])));
        assert_eq!(assert_hit!(user(&log, 100)), Ok(None));
        assert_eq!(log.calls(), [vec![1, 100]]);
        if over != Over::Redis {
            cache.clock().advance(Duration::from_secs(60));
            users(&log, &[1, 100]).await.expect("loaded");
            assert_eq!(log.calls(), [vec![100]]);
        }
    })
    .await;
}

/// R07
#[tokio::test]
async fn no_ids_ask_nobody() {
    let store = FaultyStore::new(MemoryStore::new());
    let cache = Cache::builder().store(store.clone()).build().await.expect("coherent");
    let log = Log::default();
    assert_eq!(cache.clone().scope(users(&log, &[])).await, Ok(HashMap::new()));
    assert_eq!(cache.get_many::<u64>(&[]).await, []);
    assert_eq!(store.calls(Operation::Read) + store.calls(Operation::Begin), 0);
    assert_eq!(log.calls().len(), 0);
}

/// R08
#[tokio::test]
async fn every_id_has_a_life_and_tags_of_its_own() {
    fn life(user: &Named) -> Duration {
        Duration::from_secs(10 * user.id)
    }
    #[cached(
        key = "batch-living:<guild>:<id>",
        ttl_from = life,
        tags = ["batch-living:<id>", "batch-name:<return.name>"],
        batch(id = ids, by = Named::id),
    )]
    async fn living(log: &Log, guild: &str, ids: &[u64]) -> Vec<Named> {
        log.note(ids);
        ids.iter().map(|id| Named { id: *id, name: format!("{guild}{}", id / 2) }).collect()
    }
    on_each(async |cache, over| {
        let log = Log::default();
        living(&log, "a", &[1, 2, 3]).await;
        cache.invalidate_tag("batch-living:2").await.expect("acknowledged");
        living(&log, "a", &[1, 2, 3]).await;
        living(&log, "b", &[1]).await;
        assert_eq!(log.calls(), [vec![1, 2, 3], vec![2], vec![1]]);
        cache.invalidate_tag("batch-name:a1").await.expect("acknowledged");
        living(&log, "a", &[1, 2, 3]).await;
        assert_eq!(log.calls(), [vec![2, 3]]);
        if over != Over::Redis {
            cache.clock().advance(Duration::from_secs(10));
            living(&log, "a", &[1, 2, 3]).await;
            assert_eq!(log.calls(), [vec![1]]);
        }
    })
    .await;
}

/// R10
#[tokio::test]
async fn an_id_that_is_invalidated_during_the_load_is_the_only_one_that_is_not_kept() {
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

#[tokio::test]
async fn ids_can_be_texts_and_methods_can_have_batches() {
    struct Repo {
        tenant: u64,
        log: Mutex<Vec<usize>>,
    }
    impl Repo {
        #[cached(key = "batch-lengths:<self.tenant>:<name>", ttl = 600, batch(name = names))]
        async fn lengths(&self, names: &[&str]) -> Result<BTreeMap<String, usize>, std::io::Error> {
            self.log.lock().expect("no panic").push(names.len());
            Ok(names.iter().map(|name| ((*name).to_owned(), name.len())).collect())
        }
    }
    on_each(async |_, _| {
        let repo = Repo { tenant: 7, log: Mutex::default() };
        for _ in 0..2 {
            let lengths = repo.lengths(&["ada", "grace"]).await.expect("no failure");
            assert_eq!(lengths, BTreeMap::from([("ada".to_owned(), 3), ("grace".to_owned(), 5)]));
        }
        assert_eq!(*repo.log.lock().expect("no panic"), [2]);
        repo.lengths_uncached(&["ada"]).await.expect("no failure");
        assert_eq!(*repo.log.lock().expect("no panic"), [2, 1]);
    })
    .await;
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

/// Y08
#[tokio::test]
async fn the_future_of_a_batch_is_send() {
    fn is_send(_: &impl Send) {}
    let log = Log::default();
    is_send(&users(&log, &[1]));
    let missed = async { assert_miss!(users(&log, &[1])) };
    Cache::in_memory().scope(missed).await.expect("loaded");
}

/// R08
#[tokio::test]
async fn a_call_may_do_without_the_cache_replace_it_or_take_nothing_else() {
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

/// R09: over a cluster it is a test of `store_cluster`.
#[tokio::test]
async fn several_keys_are_removed_in_one_step_and_no_others() {
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
