//! A store that fails, bytes that are no entries, values too large: J01 to J03, J05, S10, and the issue of bad input.

use bytes::Bytes;
use cache_runtime::testing::{FaultyStore, Operation};
use cache_runtime::{Cache, Clock, Event, MemoryStore, Policy, StoreError, assert_hit, assert_miss, cached};
use cache_tests::{Over, Source, on_each};
use std::time::Duration;

#[cached(key = "unhappy:row:<id>", ttl = 60)]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

const ALL: [Operation; 7] = [
    Operation::Read,
    Operation::Begin,
    Operation::Commit,
    Operation::Bump,
    Operation::Remove,
    Operation::Put,
    Operation::Clear,
];

async fn faulty() -> (FaultyStore, Cache) {
    let clock = Clock::manual();
    let store = FaultyStore::new(MemoryStore::with_clock(clock.clone()));
    let cache = Cache::builder().clock(clock).store(store.clone()).build().await.expect("coherent");
    (store, cache)
}

#[tokio::test]
async fn j01_j02_j03_whatever_the_store_cannot_do_the_call_is_answered() {
    for failing in ALL {
        let (store, cache) = faulty().await;
        store.fail(failing);
        let source = Source::new(7);
        let twice = async { (row(&source, 1).await, row(&source, 1).await) };
        assert_eq!(cache.clone().scope(twice).await, (7, 7), "without {failing:?}");
        store.heal();
        cache.clock().advance(Duration::from_secs(2));
        cache.clone().scope(async { (row(&source, 1).await, assert_hit!(row(&source, 1))) }).await;
    }
}

#[tokio::test]
async fn j02_a_value_that_the_store_did_not_take_is_in_memory() {
    let (store, cache) = faulty().await;
    store.fail(Operation::Commit);
    let source = Source::new(7);
    cache.clone().scope(async { (row(&source, 1).await, assert_hit!(row(&source, 1))) }).await;
    assert_eq!(cache.stats().store_errors, 1);
}

#[tokio::test]
async fn every_failure_is_told_to_the_observer_and_a_failing_observer_changes_nothing() {
    let (tell, told) = std::sync::mpsc::channel();
    let store = FaultyStore::new(MemoryStore::new());
    let cache = Cache::builder()
        .store(store.clone())
        .observer(|_: &cache_runtime::Notice<'_>| panic!("an observer that fails"))
        .observer(move |notice: &cache_runtime::Notice<'_>| tell.send(format!("{notice:?}")).expect("somebody listens"))
        .build()
        .await
        .expect("coherent");
    ALL.into_iter().for_each(|operation| store.fail(operation));
    let source = Source::new(7);
    assert_eq!(cache.clone().scope(row(&source, 1)).await, 7);
    let told: Vec<String> = told.try_iter().collect();
    assert!(told.iter().any(|notice| notice.starts_with("StoreFailed { operation: \"read\"")), "{told:?}");
    assert!(told.iter().any(|notice| notice.starts_with("StoreFailed { operation: \"begin\"")), "{told:?}");
}

#[tokio::test]
async fn explicit_calls_say_what_the_store_did_not_do() {
    let (store, cache) = faulty().await;
    ALL.into_iter().for_each(|operation| store.fail(operation));
    let policy = Policy::ttl(Duration::from_secs(60));
    let unreachable = |error: cache_runtime::Error| {
        assert!(matches!(error, cache_runtime::Error::Store(StoreError::Unreachable { .. })), "{error}");
        assert_eq!(error.to_string(), "store `faulty` cannot be reached: it was told to fail");
    };
    unreachable(cache.set("k", 1_u64, policy).await.expect_err("set"));
    unreachable(cache.remove("k").await.expect_err("remove"));
    unreachable(cache.invalidate_tag("t").await.expect_err("tag"));
    unreachable(cache.clear().await.expect_err("clear"));
}

#[tokio::test]
async fn j05_s09_bytes_that_are_no_entry_are_a_counted_miss() {
    let clock = Clock::manual();
    let store = MemoryStore::with_clock(clock.clone());
    let cache = Cache::builder().clock(clock).store(store.clone()).namespace("j05").build().await.expect("coherent");
    let source = Source::new(7);
    cache.clone().scope(row(&source, 1)).await;
    let good = store.bytes("j05", "unhappy:row:1").expect("stored");
    let mut altered = good.to_vec();
    *altered.last_mut().expect("not empty") ^= 1;
    let odd = [
        Bytes::new(),
        Bytes::from_static(b"hello"),
        good.slice(..20),
        Bytes::from(altered),
        Bytes::from(vec![0xff; 1 << 20]),
    ];
    for (at, bytes) in odd.into_iter().enumerate() {
        store.overwrite("j05", "unhappy:row:1", bytes);
        cache.clock().advance(Duration::from_secs(2));
        cache.clone().scope(async { assert_miss!(row(&source, 1)) }).await;
        assert_eq!(cache.stats().unreadable, at as u64 + 1);
    }
}

#[tokio::test]
async fn s10_a_value_above_the_limit_is_served_and_not_stored() {
    #[cached(key = "unhappy:large:<len>", ttl = 60)]
    async fn large(len: usize) -> Vec<u8> {
        vec![7; len]
    }
    let store = MemoryStore::new();
    let cache = Cache::builder().store(store.clone()).namespace("s10").max_value_bytes(1_000).build().await;
    let cache = cache.expect("coherent");
    let lens = cache.clone().scope(async { (large(900).await.len(), large(1_000).await.len()) }).await;
    assert_eq!(lens, (900, 1_000));
    assert!(store.bytes("s10", "unhappy:large:900").is_some());
    assert!(store.bytes("s10", "unhappy:large:1000").is_none());
    assert_eq!(cache.stats().unstorable, 1);
    let refused = cache.set("k", vec![0_u8; 2_000], Policy::ttl(Duration::from_secs(1))).await.expect_err("too large");
    assert_eq!(refused.to_string(), "the encoded value is larger than 1000 bytes");
}

#[tokio::test]
async fn s10_a_value_of_600_megabytes_does_no_harm() {
    #[cached(key = "unhappy:huge", ttl = 60)]
    async fn huge() -> std::sync::Arc<Vec<u8>> {
        std::sync::Arc::new(vec![7; 600 << 20])
    }
    let store = MemoryStore::new();
    let cache = Cache::builder().store(store.clone()).namespace("huge").build().await.expect("coherent");
    assert_eq!(cache.clone().scope(huge()).await.len(), 600 << 20);
    assert!(store.bytes("huge", "unhappy:huge").is_none());
    assert_eq!(cache.stats().unstorable, 1);
}

#[tokio::test]
async fn l22_more_tags_than_an_entry_can_list_are_refused_and_as_many_as_it_can_work() {
    on_each(async |cache, over| {
        let tagged = |count: usize| Policy {
            tags: (0..count).map(|at| format!("unhappy:tag:{at}:\0")).collect(),
            ..Policy::ttl(Duration::from_secs(60))
        };
        let load = || async { Ok::<_, std::convert::Infallible>(7_u64) };
        let Ok(seven) = cache.get_or_load("unhappy:many", tagged(10_000), load).await;
        assert_eq!((seven, cache.get::<u64>("unhappy:many").await), (7, Some(7)));
        cache.invalidate_tag("unhappy:tag:9999:\0").await.expect("acknowledged");
        assert_eq!(cache.get::<u64>("unhappy:many").await, None);
        let Ok(seven) = cache.get_or_load("unhappy:more", tagged(10_001), load).await;
        assert_eq!(seven, 7);
        if over != Over::Nothing {
            assert_eq!((cache.get::<u64>("unhappy:more").await, cache.stats().unstorable), (None, 1));
        }
    })
    .await;
}

#[tokio::test]
async fn m05_an_event_of_ten_thousand_ids_invalidates_each_of_them() {
    #[cached(key = "unhappy:item:<id>", ttl = 60, invalidate_on = ["unhappy_items_changed"])]
    async fn item(source: &Source, id: u64) -> u64 {
        source.read().await + id
    }
    on_each(async |cache, _| {
        let source = Source::new(1);
        for id in [0, 5_000, 9_999, 10_000] {
            item(&source, id).await;
        }
        let ids: Vec<u64> = (0..10_000).collect();
        cache.emit(Event::new("unhappy_items_changed").field("id", ids)).await.expect("acknowledged");
        for id in [0, 5_000, 9_999] {
            assert_miss!(item(&source, id));
        }
        assert_hit!(item(&source, 10_000));
    })
    .await;
}

#[tokio::test]
async fn an_empty_argument_is_a_key_like_any_other() {
    #[cached(key = "unhappy:empty:<text>:end", ttl = 60)]
    async fn of_text(text: &str) -> usize {
        text.len()
    }
    let (_, cache) = faulty().await;
    cache.scope(async { (of_text("").await, assert_hit!(of_text("")), assert_miss!(of_text("'"))) }).await;
}

#[tokio::test]
async fn an_odd_namespace_is_refused() {
    for odd in ["a b", "a:b", "{x}", "ü", "a/b"] {
        let error = Cache::builder().namespace(odd).build().await.expect_err(odd);
        assert!(error.to_string().starts_with("namespace: "), "{error}");
    }
}
