//! Invalidations that wait for a commit: K15.

use cache_runtime::testing::{Node, Operation};
use cache_runtime::{Cache, CacheEvent, Error, Event, Token, assert_hit, assert_miss, cached, invalidates};
use cache_tests::{Over, Source, on_each};
use std::sync::Arc;
use std::time::Duration;

#[derive(CacheEvent)]
struct TransactedRow {
    id: u64,
}

#[cached(key = "transactions:row:<id>", ttl = 600, invalidate_on = [TransactedRow, "transactions_by_name"])]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[invalidates(TransactedRow { id })]
async fn write(id: u64) -> Result<(), Error> {
    Ok(())
}

#[invalidates(TransactedRow { id }, guarded)]
async fn write_guarded(id: u64) -> Result<(), Error> {
    Ok(())
}

/// K15
#[tokio::test]
async fn what_is_deferred_is_emitted_after_the_commit_and_not_before() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        let changes = cache.deferred();
        changes.emit(TransactedRow { id: 1 }).expect("known");
        assert_hit!(row(source.clone(), 1));
        let token: Token = changes.commit().await.expect("acknowledged");
        assert_miss!(row(source.clone(), 1));
        assert_eq!(token.to_string().parse::<Token>(), Ok(token));
    })
    .await;
}

/// K15
#[tokio::test]
async fn what_is_dropped_or_rolled_back_is_never_emitted() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        let changes = cache.deferred();
        changes.emit(TransactedRow { id: 1 }).expect("known");
        drop(changes);
        let changes = cache.deferred();
        changes.emit(TransactedRow { id: 1 }).expect("known");
        changes.rollback().await.expect("nothing to do");
        assert_hit!(row(source.clone(), 1));
    })
    .await;
}

/// K15
#[tokio::test]
async fn a_transaction_emits_after_ok_and_forgets_after_an_error_a_panic_and_a_drop() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        let failed: Result<(), Error> = cache
            .transaction(|changes| async move {
                changes.emit(TransactedRow { id: 1 })?;
                Err(Error::ShutDown)
            })
            .await;
        assert!(matches!(failed, Err(Error::ShutDown)));
        assert_hit!(row(source.clone(), 1));

        let panics = cache.clone();
        let panicked = tokio::spawn(async move {
            let work = |changes: cache_runtime::Deferred| async move {
                changes.emit(TransactedRow { id: 1 })?;
                panic!("in the middle of it")
            };
            panics.transaction::<(), Error, _>(work).await
        });
        assert!(panicked.await.expect_err("it panics").is_panic());
        assert_hit!(row(source.clone(), 1));

        let waits = cache.transaction::<(), Error, _>(|changes| async move {
            changes.emit(TransactedRow { id: 1 })?;
            std::future::pending().await
        });
        tokio::time::timeout(Duration::from_millis(1), waits).await.expect_err("it waits for ever");
        assert_hit!(row(source.clone(), 1));

        let done: Result<u64, Error> = cache
            .transaction(async |changes| {
                changes.emit(TransactedRow { id: 1 })?;
                assert_hit!(row(source.clone(), 1));
                Ok(7)
            })
            .await;
        assert_eq!(done.expect("acknowledged"), 7);
        assert_miss!(row(source.clone(), 1));
    })
    .await;
}

/// K15
#[tokio::test]
async fn writers_in_a_transaction_wait_for_it() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        for id in [1, 2] {
            row(source.clone(), id).await;
        }
        let rolled_back: Result<(), Error> = cache
            .transaction(async |_| {
                write_guarded(2).await?;
                write(1).await?;
                Err(Error::ShutDown)
            })
            .await;
        rolled_back.expect_err("it is rolled back");
        assert_hit!(row(source.clone(), 1));
        assert_miss!(row(source.clone(), 2));
        let committed: Result<(), Error> = cache
            .transaction(async |_| {
                write(1).await?;
                assert_hit!(row(source.clone(), 1));
                Ok(())
            })
            .await;
        committed.expect("acknowledged");
        assert_miss!(row(source.clone(), 1));

        let changes = cache.deferred();
        changes.scope(write(1)).await.expect("written");
        assert_hit!(row(source.clone(), 1));
        changes.commit().await.expect("acknowledged");
        assert_miss!(row(source.clone(), 1));
    })
    .await;
}

#[tokio::test]
async fn a_transaction_inside_another_waits_for_the_outer_one() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        for rolls_back in [true, false] {
            row(source.clone(), 1).await;
            let outer: Result<(), Error> = cache
                .transaction(async |_| {
                    let inner: Result<(), Error> =
                        cache.transaction(async |changes| changes.emit(TransactedRow { id: 1 })).await;
                    inner?;
                    assert_hit!(row(source.clone(), 1));
                    if rolls_back { Err(Error::ShutDown) } else { Ok(()) }
                })
                .await;
            assert_eq!(outer.is_err(), rolls_back);
            match rolls_back {
                true => assert_hit!(row(source.clone(), 1)),
                false => assert_miss!(row(source.clone(), 1)),
            };
        }
    })
    .await;
}

#[tokio::test]
async fn an_event_that_could_not_be_emitted_is_refused_before_the_commit() {
    on_each(async |cache, _| {
        let changes = cache.deferred();
        assert!(matches!(changes.emit(Event::new("transactions_by_nmae")), Err(Error::UnknownEvent { .. })));
        assert!(matches!(changes.emit(Event::new("transactions_by_name")), Err(Error::MissingField { .. })));
        changes.emit(Event::new("transactions_by_name").field("id", 1)).expect("known");
        changes.commit().await.expect("acknowledged");
    })
    .await;
}

#[tokio::test]
async fn an_event_for_a_transaction_that_has_ended_is_an_error() {
    on_each(async |cache, _| {
        let kept = std::sync::Mutex::new(None);
        let ended: Result<(), Error> = cache
            .transaction(async |changes| {
                *kept.lock().expect("no panic") = Some(changes);
                Ok(())
            })
            .await;
        ended.expect("nothing to do");
        let changes = kept.into_inner().expect("no panic").expect("it was kept");
        assert!(matches!(changes.emit(TransactedRow { id: 1 }), Err(Error::TransactionEnded)));
        assert!(matches!(changes.announce().await, Err(Error::TransactionEnded)));
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_could_not_be_followed_says_that_it_was_one() {
    let [node]: [Node; 1] = Node::several().await.expect("coherent");
    node.store().fail(Operation::Bump);
    let failed: Result<(), Error> =
        node.cache().transaction(async |changes| changes.emit(TransactedRow { id: 1 })).await;
    let failed = failed.expect_err("the store is away");
    assert!(failed.to_string().starts_with("the transaction was committed, and what depends on it"), "{failed}");
    assert!(matches!(failed, Error::NotInvalidated { .. }));
}

#[tokio::test]
async fn what_is_announced_before_the_commit_leaves_nothing_old_if_the_writer_dies() {
    on_each(async |cache, over| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        let changes = cache.deferred();
        changes.emit(TransactedRow { id: 1 }).expect("known");
        changes.announce().await.expect("announced");
        if over != Over::Nothing {
            source.write(2);
            assert_eq!(row(source.clone(), 1).await, 2, "uncached from the announcement on");
            assert_eq!(assert_miss!(row(source.clone(), 1)), 2);
        }
        source.write(3);
        drop(changes);
        assert_eq!(row(source.clone(), 1).await, 3);
    })
    .await;
}

#[tokio::test]
async fn an_announcement_that_was_not_taken_is_an_error_before_the_commit_and_loses_no_event() {
    let [node]: [Node; 1] = Node::several().await.expect("coherent");
    let source = Source::new(1);
    node.run(row(source.clone(), 1)).await;
    let changes = node.cache().deferred();
    changes.emit(TransactedRow { id: 1 }).expect("known");
    node.store().fail(Operation::Announce);
    assert!(matches!(changes.announce().await, Err(Error::Store(_))));
    changes.commit().await.expect("acknowledged");
    node.run(async { assert_miss!(row(source.clone(), 1)) }).await;
}

/// Of two caches, each hears of its own.
#[tokio::test]
async fn writers_of_several_caches_can_be_in_one_transaction() {
    let caches = [Cache::builder().build().await.expect("coherent"), Cache::in_memory()];
    #[invalidates(TransactedRow { id }, cache = cache)]
    async fn write_in(cache: &Cache, id: u64) -> Result<(), Error> {
        Ok(())
    }
    let source = Source::new(1);
    for cache in &caches {
        cache.clone().scope(row(source.clone(), 1)).await;
    }
    let changes = caches[0].deferred();
    for cache in &caches {
        changes.scope(write_in(cache, 1)).await.expect("written");
    }
    changes.commit().await.expect("acknowledged");
    for cache in &caches {
        cache.clone().scope(async { assert_miss!(row(source.clone(), 1)) }).await;
    }
}
