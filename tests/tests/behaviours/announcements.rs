//! Guarded writes: an announced write leaves nothing old behind, whenever its writer dies.

use cache_runtime::testing::{Node, Operation};
use cache_runtime::{Error, Event, assert_hit, cached};
use cache_tests::{Over, Source, on_each, on_nodes};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "announced:row:<id>", ttl = 600, invalidate_on = ["announced_row_changed"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

fn changed(id: u64) -> Event {
    Event::new("announced_row_changed").field("id", id)
}

#[tokio::test]
async fn between_announcement_and_settlement_every_read_is_the_sources_own() {
    on_nodes(async |[a, b]| {
        let (source, other) = (Source::new(1), Source::new(7));
        for node in [&a, &b] {
            node.run(row(source.clone(), 1)).await;
            node.run(row(other.clone(), 2)).await;
        }
        let write = a.cache().announce([changed(1)]).await.expect("announced");
        b.clock().advance(Duration::from_millis(500));
        for version in [1, 2, 3] {
            source.write(version);
            assert_eq!(a.run(row(source.clone(), 1)).await, version);
            assert_eq!(b.run(row(source.clone(), 1)).await, version);
        }
        assert_eq!(b.run(row(other.clone(), 2)).await, 7);
        assert_eq!(other.reads(), 1, "other entries notice nothing");
        write.settle().await.expect("acknowledged");
        assert_eq!(a.run(row(source.clone(), 1)).await, 3);
        assert_eq!(a.run(async { assert_hit!(row(source.clone(), 1)) }).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_writer_that_dies_after_its_commit_leaves_nothing_old() {
    on_each(async |cache, over| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        let write = cache.announce([changed(1)]).await.expect("announced");
        source.write(2);
        drop(write);
        assert_eq!(row(source.clone(), 1).await, 2);
        if over == Over::Memory {
            cache.clock().advance(Duration::from_secs(60));
            assert_eq!(row(source.clone(), 1).await, 2);
            assert_eq!(assert_hit!(row(source.clone(), 1)), 2, "the announcement has run out");
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_loaded_before_the_commit_is_not_kept_after_it() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        for begins_first in [true, false] {
            let gate = source.hold();
            let begin = || tokio::spawn(cache.clone().scope(row(source.clone(), 1)));
            let early = begins_first.then(&begin);
            if begins_first {
                gate.reached().await;
            }
            let write = cache.announce([changed(1)]).await.expect("announced");
            let load = early.unwrap_or_else(&begin);
            if !begins_first {
                gate.reached().await;
            }
            let before = source.write_next();
            write.settle().await.expect("acknowledged");
            gate.release();
            assert_eq!(load.await.expect("served"), before, "its caller began before");
            assert_eq!(row(source.clone(), 1).await, before + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn settling_one_write_leaves_the_announcement_of_another() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let first = a.cache().announce([changed(1)]).await.expect("announced");
        let second = b.cache().announce([changed(1)]).await.expect("announced");
        first.settle().await.expect("acknowledged");
        assert_eq!(a.run(row(source.clone(), 1)).await, 1);
        source.write(2);
        drop(second);
        assert_eq!(a.run(row(source.clone(), 1)).await, 2, "the other committed and died");
    })
    .await;
}

#[tokio::test]
async fn an_announcement_that_the_store_did_not_take_is_an_error() {
    let [node]: [Node; 1] = Node::several().await.expect("coherent");
    node.store().fail(Operation::Announce);
    assert!(matches!(node.cache().announce([changed(1)]).await, Err(Error::Store(_))));
    node.store().heal();
    let write = node.cache().announce([changed(1)]).await.expect("announced");
    node.store().fail(Operation::Settle);
    assert!(matches!(write.settle().await, Err(Error::Store(_))));
    let unknown = node.cache().announce([Event::new("announced_row_chnged")]).await;
    assert!(matches!(unknown, Err(Error::UnknownEvent { .. })));
}
