//! Functions that return an `Arc`: memory holds what it points to, and nobody can tell but by the time of a hit.

use cache_runtime::{Cache, Load, Policy, assert_hit, assert_miss, cache_put, cached};
use cache_tests::{Source, on_each, on_nodes};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

type Row = Arc<Vec<u64>>;

#[derive(Clone, Debug, PartialEq)]
struct Down;

fn row(value: u64) -> Arc<Vec<u64>> {
    Arc::new(vec![value])
}

#[cached(key = "arcs:plain:<id>", ttl = 60, early = 0, invalidate_on = ["arcs_changed"])]
async fn plain(source: &Source, id: u64) -> Arc<Vec<u64>> {
    row(source.read().await)
}

#[cached(key = "arcs:maybe:<id>", ttl = 60, none_ttl = 60, early = 0)]
async fn maybe(source: &Source, id: u64) -> Option<Arc<Vec<u64>>> {
    source.read().await.checked_sub(1).map(row)
}

#[cached(key = "arcs:fallible:<id>", ttl = 60, stale_if_error = 600, early = 0)]
async fn fallible(source: &Source, id: u64) -> Result<std::sync::Arc<Vec<u64>>, Down> {
    source.read().await.checked_sub(1).map(row).ok_or(Down)
}

fn always(_: &Arc<Down>) -> bool {
    true
}

#[cached(key = "arcs:both:<id>", ttl = 60, none_ttl = 60, error_if = always, error_ttl = 60, early = 0)]
async fn both(source: &Source, id: u64) -> Result<Option<Arc<Vec<u64>>>, Arc<Down>> {
    match source.read().await {
        0 => Err(Arc::new(Down)),
        1 => Ok(None),
        value => Ok(Some(row(value))),
    }
}

/// Written so that nobody sees the `Arc`.
#[cached(key = "arcs:aliased:<id>", ttl = 60)]
async fn aliased(source: &Source, id: u64) -> Row {
    row(source.read().await)
}

#[cached(key = "arcs:plain:<id>", ttl = 60, early = 0, invalidate_on = ["arcs_changed"], batch(id = ids))]
async fn several(source: &Source, ids: &[u64]) -> HashMap<u64, Arc<Vec<u64>>> {
    let value = source.read().await;
    ids.iter().map(|id| (*id, row(value))).collect()
}

#[cache_put(key = "arcs:plain:<id>")]
async fn write(id: u64, value: u64) -> Arc<Vec<u64>> {
    assert!(id > 0);
    row(value)
}

/// A18, B02: of all kinds of returns.
#[tokio::test]
async fn a_hit_shares_what_was_loaded_whatever_kind_of_return_has_it() {
    on_each(async |_, _| {
        let source = Source::new(7);
        let loaded = assert_miss!(plain(&source, 1));
        assert!(Arc::ptr_eq(&loaded, &assert_hit!(plain(&source, 1))));
        let loaded = assert_miss!(maybe(&source, 1)).expect("there is one");
        assert!(Arc::ptr_eq(&loaded, &assert_hit!(maybe(&source, 1)).expect("there is one")));
        let loaded = assert_miss!(fallible(&source, 1)).expect("healthy");
        assert!(Arc::ptr_eq(&loaded, &assert_hit!(fallible(&source, 1)).expect("healthy")));
        let loaded = assert_miss!(both(&source, 1)).expect("healthy").expect("there is one");
        assert!(Arc::ptr_eq(&loaded, &assert_hit!(both(&source, 1)).expect("healthy").expect("there is one")));
    })
    .await;
}

#[tokio::test]
async fn what_stands_for_a_value_is_told_from_it() {
    on_each(async |_, _| {
        let source = Source::new(0);
        assert_eq!(assert_miss!(maybe(&source, 1)), None);
        assert_eq!(assert_hit!(maybe(&source, 1)), None);
        let failed = both(&source, 1).await.expect_err("the source is away");
        let remembered = both(&source, 1).await.expect_err("that is remembered");
        assert!(Arc::ptr_eq(&failed, &remembered));
        source.write(1);
        assert_eq!(both(&source, 2).await, Ok(None));
        assert_eq!(assert_hit!(both(&source, 2)), Ok(None));
    })
    .await;
}

#[tokio::test]
async fn what_is_stale_stands_in_as_it_lay_there() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let loaded = fallible(&source, 1).await.expect("healthy");
        cache.clock().advance(Duration::from_secs(61));
        source.write(0);
        assert!(Arc::ptr_eq(&loaded, &fallible(&source, 1).await.expect("the stale one")));
    })
    .await;
}

#[tokio::test]
async fn a_load_is_told_of_the_value_that_it_replaces() {
    #[cached(key = "arcs:told:<id>", ttl = 60, stale_if_error = 600, early = 0)]
    async fn told(source: &Source, id: u64) -> Arc<Vec<u64>> {
        let load = Load::current().expect("this is one");
        load.not_modified().unwrap_or(row(source.read().await))
    }
    on_each(async |cache, _| {
        let source = Source::new(7);
        let loaded = told(&source, 1).await;
        cache.clock().advance(Duration::from_secs(61));
        source.write(8);
        assert!(Arc::ptr_eq(&loaded, &told(&source, 1).await));
        assert!(Arc::ptr_eq(&loaded, &assert_hit!(told(&source, 1))));
    })
    .await;
}

/// B04, B05: by hand, by the handle and by whoever writes.
#[tokio::test]
async fn whoever_knows_the_type_finds_the_value_however_it_was_put_in() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        let loaded = plain(&source, 1).await;
        assert!(Arc::ptr_eq(&loaded, &plain_entry(1).get().await.expect("it was loaded")));
        assert_eq!(cache.get::<Row>("arcs:plain:1").await, Some(loaded.clone()));
        let batch = several(&source, &[1]).await;
        assert!(Arc::ptr_eq(&loaded, &batch[&1]));

        plain_entry(1).set(row(8)).await.expect("set");
        assert_eq!(*assert_hit!(plain(&source, 1)), [8]);
        assert_eq!(*write(1, 9).await, [9]);
        assert_eq!(*assert_hit!(plain(&source, 1)), [9]);
        assert_eq!(cache.get::<Row>("arcs:plain:1").await, Some(row(9)));

        let of_batch = several(&source, &[2]).await;
        assert!(Arc::ptr_eq(&of_batch[&2], &assert_hit!(plain(&source, 2))));
        cache.set("arcs:plain:1", row(11), Policy::ttl(Duration::from_secs(60))).await.expect("set");
        assert_eq!(cache.get::<Row>("arcs:plain:1").await, Some(row(11)));
        assert_eq!(source.reads(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_vec_and_an_arc_of_it_are_two_types() {
    on_each(async |cache, _| {
        let source = Source::new(7);
        plain(&source, 1).await;
        assert_eq!(cache.get::<Vec<u64>>("arcs:plain:1").await, None);
        let policy = Policy::ttl(Duration::from_secs(60));
        let own = cache.get_or_load("arcs:plain:1", policy, async || Ok::<_, Down>(vec![8])).await;
        assert_eq!(own, Ok(vec![8]));
    })
    .await;
}

#[tokio::test]
async fn an_alias_hides_the_arc_and_nothing_else() {
    on_each(async |_, _| {
        let source = Source::new(7);
        let loaded = assert_miss!(aliased(&source, 1));
        assert!(Arc::ptr_eq(&loaded, &assert_hit!(aliased(&source, 1))));
    })
    .await;
}

#[tokio::test]
async fn another_process_finds_it_in_the_store() {
    on_nodes(async |[one, two]| {
        let source = Source::new(7);
        let loaded = one.run(plain(&source, 1)).await;
        let (first, second) = two.run(async { (assert_hit!(plain(&source, 1)), assert_hit!(plain(&source, 1))) }).await;
        assert_eq!(first, loaded);
        assert!(Arc::ptr_eq(&first, &second), "what was read from the store lies there in the same way");
    })
    .await;
}

/// Y06: what has the name need not be the thing.
#[tokio::test]
async fn what_is_called_arc_and_what_has_no_size_lie_there_by_themselves() {
    mod own {
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub(super) struct Arc<T>(pub(super) T);
    }
    #[cached(key = "arcs:own:<id>", ttl = 60)]
    async fn own(id: u64) -> own::Arc<u64> {
        own::Arc(id)
    }
    #[cached(key = "arcs:text:<id>", ttl = 60)]
    async fn text(id: u64) -> Arc<str> {
        id.to_string().into()
    }
    #[cached(key = "arcs:display:<id>", ttl = 60, tiers = l1)]
    async fn display(id: u64) -> Option<Arc<dyn std::fmt::Display + Send + Sync>> {
        Some(Arc::new(id))
    }
    on_each(async |_, _| {
        assert_eq!((assert_miss!(own(1)), assert_hit!(own(1))), (own::Arc(1), own::Arc(1)));
        assert!(Arc::ptr_eq(&assert_miss!(text(1)), &assert_hit!(text(1))));
        assert_miss!(display(1));
        assert_eq!(assert_hit!(display(1)).map(|shown| shown.to_string()), Some("1".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn what_only_points_stays_in_the_process() {
    struct Handle(u64);

    #[cached(key = "arcs:handle:<id>", ttl = 60, tiers = l1)]
    async fn handle(id: u64) -> Result<Arc<Handle>, Down> {
        Ok(Arc::new(Handle(id)))
    }
    let cache = Cache::in_memory();
    cache
        .scope(async {
            let loaded = assert_miss!(handle(1)).expect("healthy");
            let hit = assert_hit!(handle(1)).expect("healthy");
            assert!(Arc::ptr_eq(&loaded, &hit) && hit.0 == 1);
        })
        .await;
}
