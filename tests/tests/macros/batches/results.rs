//! What is kept of a batch's results, and in which order they come.

use super::{Log, Named, expected, name_of, user, users};
use cache_runtime::testing::FaultyStore;
use cache_runtime::{Cache, MemoryStore, assert_hit, cached};
use cache_tests::{Over, on_each, over_redis};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

#[tokio::test]
async fn r04_an_id_that_fails_is_reported_and_the_others_are_kept() {
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

#[tokio::test]
async fn r05_a_list_has_the_order_and_the_repetitions_of_its_ids() {
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

thread_local! {
    static CLONES: Cell<usize> = const { Cell::new(0) };
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Counted(u64);

impl Counted {
    fn id(&self) -> u64 {
        self.0
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        CLONES.set(CLONES.get() + 1);
        Self(self.0)
    }
}

#[tokio::test]
async fn what_the_store_has_is_given_away_and_cloned_for_repetitions_only() {
    #[cached(key = "batch:counted:<id>", ttl = 600, tiers = l2, batch(id = ids, by = Counted::id))]
    async fn counted(log: &Log, ids: &[u64]) -> Vec<Counted> {
        log.note(ids);
        ids.iter().map(|id| Counted(*id)).collect()
    }
    for store in [FaultyStore::new(MemoryStore::new()), over_redis().await] {
        let namespace = format!("given-{}", std::process::id());
        let cache = Cache::builder().store(store).namespace(namespace).build().await.expect("coherent");
        let log = Log::default();
        cache.clone().scope(counted(&log, &[1, 2, 3])).await;
        for (ids, clones) in [(&[1, 2, 3][..], 0), (&[1, 3, 1, 1], 2)] {
            let before = CLONES.get();
            let all = cache.clone().scope(counted(&log, ids)).await;
            assert_eq!(all.iter().map(Counted::id).collect::<Vec<_>>(), ids);
            assert_eq!(CLONES.get() - before, clones);
        }
        assert_eq!(log.calls(), [[1, 2, 3]]);
    }
}

#[tokio::test]
async fn r06_ids_that_the_body_does_not_return_are_remembered_as_absent() {
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

#[tokio::test]
async fn r08_every_id_has_a_life_and_tags_of_its_own() {
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
