//! Many names at once, and one name again and again: K13, K17.

use cache_runtime::testing::Operation;
use cache_runtime::{Error, Event, assert_hit, cached};
use cache_tests::{BOUND, Source, on_each, on_nodes};
use std::sync::Arc;

#[cached(key = "many:row:<id>", ttl = 600, invalidate_on = ["many_row_changed"], tags = ["many:group:<id>"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

/// Of a store with many partitions each step is one of its own, and the acknowledgement is that of all.
#[tokio::test]
async fn k13_many_are_invalidated_together() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        for id in 0..40 {
            b.run(row(source.clone(), id)).await;
        }
        source.write(2);
        let tags: Vec<String> = (0..20).map(|id| format!("many:group:{id}")).collect();
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        a.cache().invalidate_tags(&tags).await.expect("acknowledged");
        let events = (20..30).map(|id| Event::new("many_row_changed").field("id", id));
        a.cache().emit_all(events).await.expect("acknowledged");
        b.clock().advance(BOUND);
        for id in 0..40 {
            assert_eq!(b.run(row(source.clone(), id)).await, if id < 30 { 2 } else { 1 }, "row {id}");
        }
    })
    .await;
}

/// Some of them may have been: then none is certain, and the node that tried serves none of them from memory.
#[tokio::test]
async fn k13_what_was_not_done_for_all_is_an_error() {
    on_nodes(async |[a]| {
        let source = Source::new(1);
        for id in 0..20 {
            a.run(row(source.clone(), id)).await;
        }
        source.write(2);
        let tags: Vec<String> = (0..20).map(|id| format!("many:group:{id}")).collect();
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        a.store().fail(Operation::Bump);
        a.store().fail(Operation::Read);
        let failed = a.cache().invalidate_tags(&tags).await;
        assert!(matches!(failed, Err(Error::Store(_))), "{failed:?}");
        for id in 0..20 {
            assert_eq!(a.run(row(source.clone(), id)).await, 2, "row {id}");
        }
    })
    .await;
}

/// A reader loads once for itself at most, whatever is invalidated meanwhile.
#[tokio::test]
async fn k17_readers_get_on_however_often_their_key_is_invalidated() {
    const READS: usize = 100;
    on_each(async |cache, _| {
        let source = Source::new(1);
        let read = |_| {
            let (cache, source) = (cache.clone(), source.clone());
            tokio::spawn(async move {
                for _ in 0..READS {
                    cache.clone().scope(row(source.clone(), 1)).await;
                    tokio::task::yield_now().await;
                }
            })
        };
        let readers: Vec<_> = (0..4).map(read).collect();
        let mut times = 0;
        while readers.iter().any(|reader| !reader.is_finished()) {
            cache.emit(Event::new("many_row_changed").field("id", 1)).await.expect("acknowledged");
            tokio::task::yield_now().await;
            times += 1;
        }
        assert!(source.reads() <= 4 * READS, "{} loads", source.reads());
        assert!(times > 1, "{times} invalidations");
        row(source.clone(), 1).await;
        assert_hit!(row(source.clone(), 1));
    })
    .await;
}
