//! Writers say what they have changed: K14.

use cache_runtime::testing::{Node, Operation};
use cache_runtime::{CacheEvent, Error, Notice, assert_hit, assert_miss, cached, invalidates};
use cache_tests::{Source, on_each};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

#[derive(CacheEvent)]
struct WriterRowChanged {
    id: u64,
}

#[derive(CacheEvent)]
struct WriterRowsCounted {
    owner: String,
    ids: Vec<u64>,
}

#[derive(CacheEvent)]
struct WriterTableDropped;

#[cached(key = "writers:row:<id>", ttl = 600, invalidate_on = [WriterRowChanged, WriterTableDropped(*)])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "writers:owned:<owner>:<id>", ttl = 600, invalidate_on = [WriterRowsCounted(owner, ids = id)])]
async fn owned(source: Arc<Source>, owner: &str, id: u64) -> u64 {
    source.read().await
}

#[cached(key = "writers:named:<name>", ttl = 600, invalidate_on = ["writers_named"])]
async fn named(source: Arc<Source>, name: &str) -> u64 {
    source.read().await
}

#[derive(Debug)]
enum Failed {
    NoSuchRow,
    Cache(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Cache(error)
    }
}

#[invalidates(WriterRowChanged { id })]
async fn write(source: &Source, id: u64, to: Result<u64, Failed>) -> Result<u64, Failed> {
    let value = to?;
    source.write(value);
    Ok(value)
}

/// K14
#[tokio::test]
async fn what_was_written_is_invalidated_and_what_failed_is_not() {
    on_each(async |_, _| {
        let source = Source::new(1);
        for id in [1, 2] {
            row(source.clone(), id).await;
        }
        let failed = write(&source, 1, Err(Failed::NoSuchRow)).await;
        assert!(matches!(failed, Err(Failed::NoSuchRow)));
        assert_eq!(assert_hit!(row(source.clone(), 1)), 1, "nothing was written");
        assert_eq!(write(&source, 1, Ok(2)).await.expect("written"), 2);
        assert_eq!(assert_miss!(row(source.clone(), 1)), 2);
        assert_eq!(assert_hit!(row(source.clone(), 2)), 1, "another row");
    })
    .await;
}

/// K14
#[tokio::test]
async fn a_return_that_says_no_failure_always_invalidates() {
    #[invalidates(WriterRowChanged { id })]
    async fn nothing(id: u64) {}
    #[invalidates(WriterRowChanged { id })]
    async fn absent(id: u64) -> Option<u64> {
        None
    }
    type Aliased = Result<(), String>;
    #[invalidates(WriterRowChanged { id })]
    async fn aliased(id: u64, fails: bool) -> Aliased {
        if fails { Err("no".to_owned()) } else { Ok(()) }
    }
    on_each(async |_, _| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        nothing(1).await;
        assert_miss!(row(source.clone(), 1));
        absent(1).await;
        assert_miss!(row(source.clone(), 1));
        aliased(1, true).await.expect_err("it fails");
        assert_hit!(row(source.clone(), 1));
        aliased(1, false).await.expect("it does not");
        assert_miss!(row(source.clone(), 1));
    })
    .await;
}

/// K14
#[tokio::test]
async fn conditions_go_by_the_arguments_and_by_what_was_returned() {
    #[invalidates(WriterRowChanged { id } if *ret > 0, WriterTableDropped if everything, if enabled)]
    async fn change(id: u64, rows: u64, everything: bool, enabled: bool) -> Result<u64, Failed> {
        Ok(rows)
    }
    on_each(async |_, _| {
        let source = Source::new(1);
        let cases = [
            ((0, false, true), [true, true]),
            ((1, false, false), [true, true]),
            ((0, true, false), [true, true]),
            ((1, false, true), [false, true]),
            ((0, true, true), [false, false]),
        ];
        for ((rows, everything, enabled), are_hits) in cases {
            for id in [1, 2] {
                row(source.clone(), id).await;
            }
            change(1, rows, everything, enabled).await.expect("no failure");
            for (id, is_hit) in [1, 2].into_iter().zip(are_hits) {
                match is_hit {
                    true => assert_hit!(row(source.clone(), id)),
                    false => assert_miss!(row(source.clone(), id)),
                };
            }
        }
    })
    .await;
}

struct Counted {
    ids: Vec<u64>,
}

/// M05
#[tokio::test]
async fn fields_are_of_arguments_that_the_body_takes_and_of_what_it_returns() {
    #[invalidates(WriterRowsCounted { owner, ids = ret.ids.clone() }, "writers_named" { name = owner.trim() })]
    async fn count(owner: String, ids: Vec<u64>) -> Result<Counted, Failed> {
        drop(owner);
        Ok(Counted { ids })
    }
    on_each(async |_, _| {
        let source = Source::new(1);
        for id in [1, 2, 3] {
            owned(source.clone(), "ada", id).await;
        }
        owned(source.clone(), "eve", 1).await;
        named(source.clone(), "ada").await;
        count("ada".to_owned(), vec![1, 3]).await.expect("counted");
        assert_miss!(owned(source.clone(), "ada", 1));
        assert_hit!(owned(source.clone(), "ada", 2));
        assert_miss!(owned(source.clone(), "ada", 3));
        assert_hit!(owned(source.clone(), "eve", 1));
        assert_miss!(named(source.clone(), "ada"));
    })
    .await;
}

struct Rows<T> {
    cache: cache_runtime::Cache,
    source: Arc<Source>,
    kind: T,
}

trait Writes {
    async fn touch(&mut self, id: u64) -> Result<(), Failed>;
}

impl<T: Clone + PartialEq> Writes for Rows<T> {
    #[invalidates(WriterRowChanged { id }, cache = self.cache)]
    async fn touch(&mut self, id: u64) -> Result<(), Failed> {
        self.kind = self.kind.clone();
        self.source.write_next();
        Ok(())
    }
}

impl<T: Clone + PartialEq> Rows<T> {
    #[invalidates(WriterRowChanged { id = ids[0] }, cache = self.cache)]
    #[invalidates(WriterRowChanged { id = ids[1] }, cache = self.cache)]
    async fn swap<const N: usize>(&self, ids: &[u64; N]) -> Result<T, Failed> {
        Ok(self.kind.clone())
    }
}

#[tokio::test]
async fn methods_traits_and_generic_functions_can_be_writers() {
    on_each(async |cache, _| {
        let mut rows = Rows { cache, source: Source::new(1), kind: "any" };
        row(rows.source.clone(), 1).await;
        row(rows.source.clone(), 2).await;
        rows.touch(1).await.expect("written");
        assert_eq!(assert_miss!(row(rows.source.clone(), 1)), 2);
        assert_eq!(rows.swap(&[1, 2]).await.expect("written"), "any");
        assert_miss!(row(rows.source.clone(), 1));
        assert_miss!(row(rows.source.clone(), 2));
    })
    .await;
}

/// The write is done: its caller is told so, and the observer of what was not.
#[tokio::test]
async fn a_write_whose_invalidation_fails_is_a_success_and_a_notice() {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = told.clone();
    let observer = move |notice: &Notice<'_>| {
        if let Notice::NotInvalidated { by, error } = notice {
            log.lock().expect("no panic").push(format!("{by}: {error}"));
        }
    };
    let store = cache_runtime::testing::FaultyStore::new(cache_runtime::MemoryStore::new());
    let cache =
        cache_runtime::Cache::builder().store(store.clone()).observer(observer).build().await.expect("coherent");
    let source = Source::new(1);
    store.fail(Operation::Bump);
    let written = cache.clone().scope(write(&source, 1, Ok(2))).await;
    assert_eq!(written.expect("the row was written"), 2);
    let told = told.lock().expect("no panic").clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("macros::writers::write: store `"), "{told:?}");
    assert_eq!(cache.stats().invalidations_failed, 1);
}

#[invalidates(WriterRowChanged { id }, guarded)]
async fn write_guarded(source: &Source, id: u64, committed: Option<&Notify>) -> Result<u64, Failed> {
    let before = source.write_next();
    if let Some(committed) = committed {
        committed.notify_one();
        std::future::pending::<()>().await;
    }
    if before == 99 { Err(Failed::NoSuchRow) } else { Ok(before) }
}

#[tokio::test]
async fn a_guarded_writer_that_dies_behind_its_commit_leaves_nothing_old() {
    on_each(async |_, _| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        let committed = Notify::new();
        tokio::select! {
            never = write_guarded(&source, 1, Some(&committed)) => panic!("{never:?}"),
            () = committed.notified() => {}
        }
        assert_eq!(row(source.clone(), 1).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_guarded_write_ends_its_announcement_whether_it_succeeds_or_not() {
    on_each(async |_, _| {
        let source = Source::new(98);
        assert_eq!(write_guarded(&source, 1, None).await.expect("written"), 98);
        assert_eq!(row(source.clone(), 1).await, 99);
        assert_eq!(assert_hit!(row(source.clone(), 1)), 99);
        write_guarded(&source, 1, None).await.expect_err("it fails at 99");
        assert_eq!(row(source.clone(), 1).await, 100);
        assert_eq!(assert_hit!(row(source.clone(), 1)), 100);
    })
    .await;
}

#[tokio::test]
async fn a_guarded_write_that_cannot_be_announced_is_not_begun() {
    let [node]: [Node; 1] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    node.store().fail(Operation::Announce);
    let refused = node.run(write_guarded(&source, 1, None)).await;
    assert!(matches!(refused, Err(Failed::Cache(Error::Store(_)))), "{refused:?}");
    assert_eq!(source.read().await, 1, "nothing was written");
}

/// Y08
#[tokio::test]
async fn the_future_of_a_writer_is_send_whatever_its_error_is() {
    #[invalidates(WriterRowChanged { id })]
    async fn with_any_error(id: u64) -> Result<(), Box<dyn std::error::Error>> {
        Ok(())
    }
    fn is_send(_: &impl Send) {}
    let future = with_any_error(1);
    is_send(&future);
    future.await.expect("no failure");
}
