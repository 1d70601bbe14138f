//! A body that runs behind its caller runs in a function of its own: what it calls by `self::` is still what stands beside
//! the cached one.

use cache_runtime::{cached, observe};
use cache_tests::{Source, eventually, on_each};
use std::sync::Arc;
use std::time::Duration;

struct Rows;

#[cached(key = "background:free:<id>", ttl = 10, stale_while_revalidate = 30, early = 0, cache_if = self::is_kept)]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    self::names::read(&source).await
}

impl Rows {
    #[cached(key = "background:of-an-impl:<id>", ttl = 10, stale_while_revalidate = 30, early = 0, cache_if = self::is_kept)]
    async fn row(source: Arc<Source>, id: u64) -> u64 {
        self::names::read(&source).await
    }

    #[cached(
        key = "background:of-a-method:<id>", skip(self), ttl = 10, stale_while_revalidate = 30, early = 0,
        cache_if = self::is_kept
    )]
    async fn row_of(self: Arc<Self>, source: Arc<Source>, id: u64) -> u64 {
        self::names::read(&source).await
    }
}

mod names {
    use cache_tests::Source;

    pub(super) async fn read(source: &Source) -> u64 {
        source.read().await
    }
}

fn is_kept(value: &u64) -> bool {
    *value < 100
}

/// What is loaded in the background, and is no value to keep, leaves the old one.
async fn check<F: Future<Output = u64>>(read: impl Fn(Arc<Source>) -> F) {
    on_each(async |cache, _| {
        let source = Source::new(7);
        assert_eq!(read(source.clone()).await, 7);
        for (written, then) in [(8, 8), (100, 8), (9, 9)] {
            source.write(written);
            cache.clock().advance(Duration::from_secs(11));
            let (_, outcome) = observe(read(source.clone())).await;
            assert_eq!(outcome.map(|outcome| outcome.stale), Some(true));
            eventually(|| cache.stats().background == 0).await;
            assert_eq!(read(source.clone()).await, then);
        }
    })
    .await;
}

#[tokio::test]
async fn a_function_calls_its_neighbours_by_self() {
    check(|source| row(source, 1)).await;
}

#[tokio::test]
async fn so_does_one_of_an_impl() {
    check(|source| Rows::row(source, 1)).await;
}

#[tokio::test]
async fn so_does_a_method_whose_receiver_is_self_as_well() {
    check(|source| Arc::new(Rows).row_of(source, 1)).await;
}
