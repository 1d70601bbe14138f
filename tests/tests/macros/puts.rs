//! What a writer returns is the new entry.

use cache_runtime::testing::{FaultyStore, Operation};
use cache_runtime::{Cache, Error, Event, MemoryStore, Notice, Policy, assert_hit, assert_miss, cache_put, cached};
use cache_tests::{Over, Source, on_each, on_nodes};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

#[cached(key = "puts:row:<id>", ttl = 600, invalidate_on = ["puts_row_changed"], tags = ["puts-row:<id>"], skip(source))]
async fn row(source: Arc<Source>, id: u64) -> u64 {
    source.read().await
}

#[cache_put(key = "puts:row:<id>")]
async fn write(source: &Source, id: u64, value: u64) -> Result<u64, String> {
    if value == 0 {
        return Err("nothing is no value".to_owned());
    }
    source.write(value);
    Ok(value)
}

/// The same, held between its commit and its return.
#[cache_put(key = "puts:row:<id>")]
async fn write_slowly(source: &Source, id: u64, value: u64, at: &Notify, go_on: &Notify) -> u64 {
    source.write(value);
    at.notify_one();
    go_on.notified().await;
    value
}

/// An error that is remembered.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Denied;

impl Denied {
    fn lasts(&self) -> bool {
        true
    }
}

fn changed(id: u64) -> Event {
    Event::new("puts_row_changed").field("id", id)
}

#[tokio::test]
async fn what_was_written_is_the_new_entry() {
    on_each(async |_, _| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        row(source.clone(), 2).await;
        assert_eq!(write(&source, 1, 2).await, Ok(2));
        assert_eq!(assert_hit!(row(source.clone(), 1)), 2);
        assert_eq!(assert_hit!(row(source.clone(), 2)), 1, "another row");
        assert_eq!(write(&source, 3, 3).await, Ok(3));
        assert_eq!(assert_hit!(row(source.clone(), 3)), 3, "one that had no entry");
        assert_eq!(source.reads(), 2);
    })
    .await;
}

/// What ends an entry that may stand in for a load later must not end the one that was just written.
#[tokio::test]
async fn so_it_is_where_values_may_stand_in_or_errors_are_remembered() {
    #[cached(key = "puts:spare:<id>", ttl = 600, stale_if_error = 60, skip(source))]
    async fn spare(source: Arc<Source>, id: u64) -> u64 {
        source.read().await
    }
    #[cache_put(key = "puts:spare:<id>")]
    async fn write_spare(source: &Source, id: u64, value: u64) -> u64 {
        source.write(value);
        value
    }
    #[cached(key = "puts:denied:<id>", ttl = 600, error_if = Denied::lasts, error_ttl = 60, skip(source))]
    async fn denied_or_not(source: Arc<Source>, id: u64) -> Result<u64, Denied> {
        match source.read().await {
            0 => Err(Denied),
            value => Ok(value),
        }
    }
    #[cache_put(key = "puts:denied:<id>")]
    async fn write_denied(source: &Source, id: u64, value: u64) -> Result<u64, Denied> {
        source.write(value);
        Ok(value)
    }
    on_each(async |cache, over| {
        let source = Source::new(0);
        write_spare(&source, 1, 2).await;
        assert_eq!(assert_hit!(spare(source.clone(), 1)), 2, "{over:?}");
        write_spare(&source, 1, 3).await;
        assert_eq!(assert_hit!(spare(source.clone(), 1)), 3, "{over:?}");
        write_denied(&source, 1, 4).await.expect("written");
        assert_eq!(assert_hit!(denied_or_not(source.clone(), 1)), Ok(4), "{over:?}");
        cache.set("puts:spare:2", 5_u64, Policy::ttl(Duration::from_secs(60))).await.expect("set");
        assert_eq!(assert_hit!(spare(source.clone(), 2)), 5, "{over:?}, by hand");
    })
    .await;
}

#[tokio::test]
async fn an_error_leaves_the_entry_and_an_absence_removes_it() {
    #[cache_put(key = "puts:row:<id>")]
    async fn delete(id: u64) -> Option<u64> {
        None
    }
    on_each(async |_, _| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        write(&source, 1, 0).await.expect_err("it is refused");
        assert_hit!(row(source.clone(), 1));
        assert_eq!(delete(1).await, None);
        assert_miss!(row(source.clone(), 1));
    })
    .await;
}

#[tokio::test]
async fn the_entry_depends_on_what_its_readers_depend_on_and_lives_as_long() {
    on_each(async |cache, over| {
        let source = Source::new(1);
        write(&source, 1, 2).await.expect("written");
        assert_hit!(row(source.clone(), 1));
        cache.emit(changed(1)).await.expect("acknowledged");
        assert_miss!(row(source.clone(), 1));
        write(&source, 1, 3).await.expect("written");
        cache.invalidate_tag("puts-row:1").await.expect("acknowledged");
        assert_miss!(row(source.clone(), 1));
        if over != Over::Redis {
            write(&source, 1, 4).await.expect("written");
            cache.clock().advance(Duration::from_secs(599));
            assert_hit!(row(source.clone(), 1));
            cache.clock().advance(Duration::from_secs(1));
            assert_miss!(row(source.clone(), 1));
        }
    })
    .await;
}

/// K03
#[tokio::test]
async fn a_load_from_before_the_write_is_not_kept_in_its_place() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let gate = source.hold();
        let load = tokio::spawn(cache.scope(row(source.clone(), 1)));
        gate.reached().await;
        write(&source, 1, 2).await.expect("written");
        gate.release();
        assert_eq!(load.await.expect("served"), 1, "it began before");
        assert_eq!(row(source.clone(), 1).await, 2);
    })
    .await;
}

/// K04
#[tokio::test]
async fn of_two_writers_that_overlap_the_one_that_returns_last_leaves_no_entry() {
    on_each(async |_, _| {
        let source = Source::new(1);
        let (at, go_on) = (Notify::new(), Notify::new());
        let other = async {
            at.notified().await;
            write(&source, 1, 3).await.expect("written");
            assert_eq!(assert_hit!(row(source.clone(), 1)), 3);
            go_on.notify_one();
        };
        assert_eq!(tokio::join!(write_slowly(&source, 1, 2, &at, &go_on), other).0, 2);
        assert_eq!(assert_miss!(row(source.clone(), 1)), 3, "not what the first has returned");
    })
    .await;
}

/// K05
#[tokio::test]
async fn of_two_writers_on_two_nodes_the_one_that_returns_last_leaves_no_entry() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        let (at, go_on) = (Notify::new(), Notify::new());
        let other = async {
            at.notified().await;
            b.run(write(&source, 1, 3)).await.expect("written");
            go_on.notify_one();
        };
        tokio::join!(a.run(write_slowly(&source, 1, 2, &at, &go_on)), other);
        b.clock().advance(Duration::from_millis(500));
        for node in [&a, &b] {
            assert_eq!(node.run(row(source.clone(), 1)).await, 3);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_invalidated_during_the_write_is_not_there_after_it() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (at, go_on) = (Notify::new(), Notify::new());
        let other = async {
            at.notified().await;
            source.write(3);
            cache.emit(changed(1)).await.expect("acknowledged");
            go_on.notify_one();
        };
        tokio::join!(write_slowly(&source, 1, 2, &at, &go_on), other);
        assert_eq!(assert_miss!(row(source.clone(), 1)), 3);
    })
    .await;
}

/// Its stamp is taken after the write, so what happened during it has to be asked for.
#[tokio::test]
async fn nor_is_it_where_values_may_stand_in() {
    #[cached(key = "puts:kept:<id>", ttl = 600, stale_if_error = 60, invalidate_on = ["puts_row_changed"], skip(source))]
    async fn kept(source: Arc<Source>, id: u64) -> u64 {
        source.read().await
    }
    #[cache_put(key = "puts:kept:<id>")]
    async fn write_kept(source: &Source, id: u64, value: u64, at: &Notify, go_on: &Notify) -> u64 {
        source.write(value);
        at.notify_one();
        go_on.notified().await;
        value
    }
    on_each(async |cache, over| {
        for removes in [false, true] {
            let source = Source::new(1);
            kept(source.clone(), 1).await;
            let (at, go_on) = (Notify::new(), Notify::new());
            let other = async {
                at.notified().await;
                source.write(3);
                match removes {
                    true => drop(cache.remove("puts:kept:1").await.expect("acknowledged")),
                    false => drop(cache.emit(changed(1)).await.expect("acknowledged")),
                }
                go_on.notify_one();
            };
            tokio::join!(write_kept(&source, 1, 2, &at, &go_on), other);
            assert_eq!(assert_miss!(kept(source.clone(), 1)), 3, "{over:?}, removed: {removes}");
        }
    })
    .await;
}

/// N01
#[tokio::test]
async fn other_nodes_forget_what_they_had_in_memory() {
    on_nodes(async |[a, b]| {
        let source = Source::new(1);
        b.run(row(source.clone(), 1)).await;
        a.run(write(&source, 1, 2)).await.expect("written");
        b.clock().advance(Duration::from_millis(500));
        assert_eq!(b.run(async { assert_hit!(row(source.clone(), 1)) }).await, 2);
        assert_eq!(source.reads(), 1);
    })
    .await;
}

/// K15
#[tokio::test]
async fn in_a_transaction_the_entry_is_removed_behind_the_commit() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        for commits in [false, true] {
            row(source.clone(), 1).await;
            let done: Result<(), Error> = cache
                .transaction(async |_| {
                    write(&source, 1, 2).await.expect("written");
                    assert_hit!(row(source.clone(), 1));
                    if commits { Ok(()) } else { Err(Error::ShutDown) }
                })
                .await;
            assert_eq!(done.is_ok(), commits);
            match commits {
                true => assert_miss!(row(source.clone(), 1)),
                false => assert_hit!(row(source.clone(), 1)),
            };
        }
    })
    .await;
}

#[tokio::test]
async fn a_write_that_the_store_does_not_take_is_a_success_and_a_notice() {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = told.clone();
    let observer = move |notice: &Notice<'_>| {
        if let Notice::NotInvalidated { by, .. } = notice {
            log.lock().expect("no panic").push((*by).to_owned());
        }
    };
    let store = FaultyStore::new(MemoryStore::new());
    let cache = Cache::builder().store(store.clone()).observer(observer).build().await.expect("coherent");
    let source = Source::new(1);
    cache.clone().scope(row(source.clone(), 1)).await;
    store.fail(Operation::Put);
    assert_eq!(cache.clone().scope(write(&source, 1, 2)).await, Ok(2));
    assert_eq!(cache.clone().scope(row(source.clone(), 1)).await, 2, "the entry was removed instead");
    assert_eq!(told.lock().expect("no panic").len(), 0);
    store.fail(Operation::Remove);
    assert_eq!(cache.clone().scope(write(&source, 1, 3)).await, Ok(3));
    assert_eq!(*told.lock().expect("no panic"), ["macros::puts::write"]);
}

#[tokio::test]
async fn a_cache_that_is_off_removes_the_entry_all_the_same() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        row(source.clone(), 1).await;
        cache.set_enabled(false);
        write(&source, 1, 2).await.expect("written");
        cache.set_enabled(true);
        assert_eq!(row(source.clone(), 1).await, 2);
    })
    .await;
}

struct Tenant {
    id: u64,
    writes: u64,
}

impl Tenant {
    #[cached(key = "puts:tenant:<self.id>:<name>", ttl = 600)]
    async fn plan(&self, name: &str) -> Option<String> {
        None
    }

    #[cache_put(key = "puts:tenant:<self.id>:<name>", tags = ["puts-plan:<return.len()>"])]
    async fn set_plan(&mut self, name: &str, plan: String) -> Option<String> {
        self.writes += 1;
        Some(plan)
    }
}

#[tokio::test]
async fn methods_that_change_themselves_can_put_and_tags_can_follow_from_the_value() {
    on_each(async |cache, over| {
        let mut tenant = Tenant { id: 7, writes: 0 };
        if over == Over::Cluster {
            // Its tag is in a partition of which this node knows nothing yet: that is kept once in vain, and asked about.
            tenant.set_plan("a", "gold".to_owned()).await;
            tenant.plan("a").await;
            tenant.writes = 0;
        }
        assert_eq!(tenant.set_plan("a", "gold".to_owned()).await.as_deref(), Some("gold"));
        if over != Over::Nothing {
            assert_eq!(assert_hit!(tenant.plan("a")).as_deref(), Some("gold"));
            cache.invalidate_tag("puts-plan:4").await.expect("acknowledged");
        }
        assert_eq!(tenant.plan("a").await, None);
        assert_eq!(tenant.writes, 1);
    })
    .await;
}

/// Y08
#[tokio::test]
async fn the_future_is_send() {
    fn is_send(_: &impl Send) {}
    let source = Source::new(1);
    is_send(&write(&source, 1, 1));
}
