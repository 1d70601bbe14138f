//! Programs of two versions on one store: J06. Each is served its own values, and what ends those of one ends those of
//! both.

use cache_runtime::testing::Operation;
use cache_runtime::{Cache, CacheEvent, CacheSchema, Found, Policy, assert_hit, assert_miss, cached};
use cache_tests::{Over, Source, on_each, on_nodes};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

#[derive(CacheEvent)]
#[event(name = "shapes_changed")]
struct Changed {
    id: u64,
}

/// One version of a program.
macro_rules! version {
    ($name:ident, $field:ty) => {
        mod $name {
            use super::*;

            #[derive(Clone, PartialEq, Debug, Serialize, Deserialize, CacheSchema)]
            pub(super) struct Row(pub(super) u64, pub(super) $field);

            #[cached(
                key = "shapes:row:<id>", ttl = 600, stale_if_error = 600, none_ttl = 60, early = 0, invalidate_on = [Changed],
                tags = ["shapes:all"]
            )]
            pub(super) async fn row(source: Arc<Source>, id: u64) -> Result<Row, String> {
                let value = source.read().await;
                if value == 0 { Err("the source is away".to_owned()) } else { Ok(Row(value, <$field>::default())) }
            }

            #[cached(key = "shapes:leased:<id>", ttl = 600, lock = "5s")]
            #[allow(dead_code, reason = "of the newest version one function is enough")]
            pub(super) async fn leased(source: Arc<Source>, id: u64) -> Row {
                Row(source.read().await + id, <$field>::default())
            }

            #[cached(key = "shapes:several:<id>", ttl = 600, batch(id = ids))]
            #[allow(dead_code, reason = "of the newest version one function is enough")]
            pub(super) async fn several(source: Arc<Source>, ids: Vec<u64>) -> std::collections::HashMap<u64, Row> {
                let value = source.read().await;
                ids.into_iter().map(|id| (id, Row(value + id, <$field>::default()))).collect()
            }
        }
    };
}

version!(old, u32);
version!(new, Option<String>);
version!(newest, Vec<u8>);

/// J06
#[tokio::test]
async fn both_versions_are_kept_and_served_after_a_restart_of_either() {
    on_nodes(async |[one, two, three, again_one, again_two, again_three]| {
        let source = Source::new(7);
        let (a, b, c) = (old::row(source.clone(), 1), new::row(source.clone(), 1), newest::row(source.clone(), 1));
        one.run(async { assert_miss!(a) }).await.expect("loaded");
        two.run(async { assert_miss!(b) }).await.expect("loaded");
        three.run(async { assert_miss!(c) }).await.expect("loaded");
        for _ in 0..3 {
            let (a, b, c) = (old::row(source.clone(), 1), new::row(source.clone(), 1), newest::row(source.clone(), 1));
            assert_eq!(again_one.run(async { assert_hit!(a) }).await, Ok(old::Row(7, 0)));
            assert_eq!(again_two.run(async { assert_hit!(b) }).await, Ok(new::Row(7, None)));
            assert_eq!(again_three.run(async { assert_hit!(c) }).await, Ok(newest::Row(7, vec![])));
        }
        assert_eq!(source.reads(), 3, "one load a version");
        assert_eq!(again_one.cache().stats().set_aside, 0, "the first has the usual place");
        assert_eq!(again_two.cache().stats().set_aside, 1, "what memory has is not looked for");
        assert_eq!(again_two.cache().stats().unreadable, 0);
    })
    .await;
}

/// Loads both versions, does something, and asks a node that has nothing in memory for both.
async fn after(what: impl AsyncFn(&Cache), is_hit: [bool; 2]) {
    on_nodes(async |[one, two, writer, cold]| {
        let source = Source::new(7);
        one.run(old::row(source.clone(), 1)).await.expect("loaded");
        two.run(new::row(source.clone(), 1)).await.expect("loaded");
        what(writer.cache()).await;
        let before = source.reads();
        cold.run(old::row(source.clone(), 1)).await.expect("loaded");
        let of_old = source.reads() - before;
        cold.run(new::row(source.clone(), 1)).await.expect("loaded");
        let of_new = source.reads() - before - of_old;
        assert_eq!([of_old == 0, of_new == 0], is_hit);
    })
    .await;
}

/// J06
#[tokio::test]
async fn an_event_a_tag_the_function_and_clear_end_the_values_of_both() {
    after(async |_| {}, [true, true]).await;
    after(async |cache| drop(cache.emit(Changed { id: 2 }).await.expect("acknowledged")), [true, true]).await;
    after(async |cache| drop(cache.emit(Changed { id: 1 }).await.expect("acknowledged")), [false, false]).await;
    after(async |cache| drop(cache.invalidate_tag("shapes:all").await.expect("acknowledged")), [false, false]).await;
    after(async |cache| drop(cache.clear().await.expect("acknowledged")), [false, false]).await;
}

/// J06
#[tokio::test]
async fn removing_the_key_ends_the_values_of_both() {
    after(
        async |cache| assert!(cache.remove("shapes:row:1").await.expect("acknowledged"), "there was one"),
        [false, false],
    )
    .await;
    let entry = |cache: &Cache| cache.clone().scope(async { new::row_entry(1).remove().await });
    after(async |cache| assert!(entry(cache).await.expect("acknowledged"), "there was one"), [false, false]).await;
}

/// J06
#[tokio::test]
async fn setting_the_key_ends_the_values_of_the_other() {
    let set = |cache: &Cache| cache.clone().scope(async { old::row_entry(1).set(old::Row(9, 9)).await });
    after(async |cache| set(cache).await.expect("acknowledged"), [true, false]).await;
    let set = |cache: &Cache| cache.clone().scope(async { new::row_entry(1).set(new::Row(9, None)).await });
    after(async |cache| set(cache).await.expect("acknowledged"), [false, true]).await;
    let set = async |cache: &Cache| cache.set("shapes:row:1", 9_u64, Policy::ttl(Duration::from_secs(60))).await;
    after(async |cache| set(cache).await.expect("acknowledged"), [false, false]).await;
}

/// J06, G11: neither of memory nor of the store.
#[tokio::test]
async fn what_was_removed_does_not_stand_in_for_a_load_that_fails() {
    on_nodes(async |[one, two, cold]| {
        let source = Source::new(7);
        one.run(old::row(source.clone(), 1)).await.expect("loaded");
        two.run(new::row(source.clone(), 1)).await.expect("loaded");
        two.cache().remove("shapes:row:1").await.expect("acknowledged");
        source.write(0);
        two.run(new::row(source.clone(), 1)).await.expect_err("the source is away");
        cold.run(new::row(source.clone(), 1)).await.expect_err("the source is away");
        cold.run(old::row(source.clone(), 1)).await.expect_err("the source is away");
    })
    .await;
}

/// J06: each waits for the load of its own version only, and one load a version is kept.
#[tokio::test]
async fn leases_and_batches_are_of_a_version() {
    on_nodes(async |[one, two, cold]| {
        let source = Source::new(7);
        one.run(old::leased(source.clone(), 1)).await;
        two.run(new::leased(source.clone(), 1)).await;
        one.run(old::several(source.clone(), vec![1, 2])).await;
        two.run(new::several(source.clone(), vec![2, 3])).await;
        assert_eq!(source.reads(), 4);
        assert_eq!(cold.run(old::leased(source.clone(), 1)).await, old::Row(8, 0));
        assert_eq!(cold.run(new::leased(source.clone(), 1)).await, new::Row(8, None));
        assert_eq!(cold.run(old::several(source.clone(), vec![1, 2])).await.len(), 2);
        assert_eq!(cold.run(new::several(source.clone(), vec![2, 3])).await.len(), 2);
        assert_eq!(source.reads(), 4, "all of it was kept");
    })
    .await;
}

/// J06, R01
#[tokio::test]
async fn a_batch_finds_what_lies_beside_others_with_one_question_more() {
    on_nodes(async |[one, two, cold]| {
        let (source, ids) = (Source::new(7), (1..20).collect::<Vec<u64>>());
        one.run(old::several(source.clone(), ids.clone())).await;
        let kept = two.run(new::several(source.clone(), ids.clone())).await;
        let before = cold.store().calls(Operation::Read);
        assert_eq!(cold.run(new::several(source.clone(), ids)).await, kept);
        assert_eq!(cold.store().calls(Operation::Read) - before, 2);
        assert_eq!(source.reads(), 2, "one load a version");
    })
    .await;
}

/// J06, U09
#[tokio::test]
async fn an_entry_beside_another_is_explained_where_it_lies() {
    on_nodes(async |[one, two, cold]| {
        let source = Source::new(7);
        one.run(old::row(source.clone(), 1)).await.expect("loaded");
        let of_new = async || cold.run(async { new::row_entry(1).explain().await }).await;
        let found = of_new().await;
        assert_eq!((found.l1, found.l2), (Found::Absent, Found::Absent), "nothing for this program");
        two.run(new::row(source.clone(), 1)).await.expect("loaded");
        let found = of_new().await;
        assert!(found.key.starts_with("shapes:row:1~s"), "{found}");
        assert!(matches!(found.l2, Found::Valid { .. }), "{found}");
        let of_old = cold.run(async { old::row_entry(1).explain().await }).await;
        assert_eq!(of_old.key, "shapes:row:1");
        assert!(matches!(of_old.l2, Found::Valid { .. }), "{of_old}");
        two.cache().emit(Changed { id: 1 }).await.expect("acknowledged");
        assert!(matches!(of_new().await.l2, Found::Invalid { .. }));
    })
    .await;
}

/// J06: a memory that is in doubt asks for the entry where it lies.
#[tokio::test]
async fn a_value_beside_another_is_validated_and_loaded_anew_as_any_other() {
    on_nodes(async |[one, two]| {
        let source = Source::new(7);
        one.run(old::row(source.clone(), 1)).await.expect("loaded");
        two.run(new::row(source.clone(), 1)).await.expect("loaded");
        two.cache().clock().advance(Duration::from_secs(5));
        two.run(async { assert_hit!(new::row(source.clone(), 1)) }).await.expect("it still holds");
        assert_eq!(source.reads(), 2);
        // Past the life of the first, which would have to be loaded anew by its own program.
        two.cache().clock().advance(Duration::from_secs(601));
        two.run(async { assert_miss!(new::row(source.clone(), 1)) }).await.expect("loaded");
        two.run(async { assert_hit!(new::row(source.clone(), 1)) }).await.expect("kept");
    })
    .await;
}

/// J06: what is over is in nobody's way.
#[tokio::test]
async fn an_invalid_entry_of_another_version_is_replaced() {
    on_nodes(async |[one, two, cold]| {
        let source = Source::new(7);
        one.run(old::row(source.clone(), 1)).await.expect("loaded");
        one.cache().emit(Changed { id: 1 }).await.expect("acknowledged");
        two.run(new::row(source.clone(), 1)).await.expect("loaded");
        cold.run(async { assert_hit!(new::row(source.clone(), 1)) }).await.expect("kept");
        assert_eq!((two.cache().stats().set_aside, cold.cache().stats().set_aside), (0, 0));
    })
    .await;
}

/// J06: who has the store to itself pays nothing for it.
#[tokio::test]
async fn where_there_is_one_version_a_read_is_one_question() {
    on_nodes(async |[one, cold]| {
        let source = Source::new(7);
        one.run(old::row(source.clone(), 1)).await.expect("loaded");
        let before = cold.store().calls(Operation::Read);
        cold.run(async { assert_hit!(old::row(source.clone(), 1)) }).await.expect("kept");
        assert_eq!(cold.store().calls(Operation::Read) - before, 1);
    })
    .await;
}

/// Two functions of one program that differ in shape are two versions to the store.
#[tokio::test]
async fn two_shapes_in_one_program_do_not_end_each_other_either() {
    on_each(async |_, over| {
        let source = Source::new(7);
        for _ in 0..3 {
            old::row(source.clone(), 1).await.expect("served");
            new::row(source.clone(), 1).await.expect("served");
        }
        assert_eq!(source.reads(), 2, "{:?}", over == Over::Nothing);
    })
    .await;
}
