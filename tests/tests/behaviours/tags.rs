//! Tags and clear: L01 to L05, L11 to L13, L16 to L19.

use cache_runtime::testing::Operation;
use cache_runtime::{Cache, Policy, assert_hit, assert_miss, cached};
use cache_tests::{Source, on_each, on_stores};
use std::sync::Arc;
use std::time::Duration;

#[cached(key = "tags:row:<group>:<id>", ttl = 600, tags = ["tags:rows", "tags:group:<group>"])]
async fn row(source: Arc<Source>, group: &str, id: u64) -> u64 {
    source.read().await
}

#[tokio::test]
async fn l01_a_tag_hides_the_entries_that_have_it_and_only_them() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        for (group, id) in [("a", 1), ("a", 2), ("b", 1)] {
            row(source.clone(), group, id).await;
        }
        cache.invalidate_tag("tags:group:a").await.expect("acknowledged");
        assert_miss!(row(source.clone(), "a", 1));
        assert_miss!(row(source.clone(), "a", 2));
        assert_hit!(row(source.clone(), "b", 1));
    })
    .await;
}

#[tokio::test]
async fn l02_several_tags_at_once_known_or_not() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        row(source.clone(), "a", 1).await;
        row(source.clone(), "b", 1).await;
        cache.invalidate_tags(&["tags:group:a", "unheard of", "tags:group:b"]).await.expect("acknowledged");
        assert_miss!(row(source.clone(), "a", 1));
        assert_miss!(row(source.clone(), "b", 1));
    })
    .await;
}

#[tokio::test]
async fn l03_what_is_loaded_after_an_invalidation_is_valid_in_the_same_tick_too() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        for _ in 0..3 {
            cache.invalidate_tag("tags:rows").await.expect("acknowledged");
            assert_miss!(row(source.clone(), "a", 1));
            assert_hit!(row(source.clone(), "a", 1));
        }
    })
    .await;
}

#[tokio::test]
async fn l04_l05_a_load_that_was_under_way_is_invalid() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let gate = source.hold();
        let load = tokio::spawn(cache.clone().scope(row(source.clone(), "a", 1)));
        gate.reached().await;
        source.write(2);
        cache.invalidate_tag("tags:rows").await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(assert_miss!(row(source.clone(), "a", 1)), 2);
    })
    .await;
}

#[tokio::test]
async fn l11_a_short_lived_entry_does_not_shorten_the_life_of_its_tag() {
    on_each(async |cache, _| {
        let policy = |seconds| Policy { tags: vec!["tags:shared".into()], ..Policy::ttl(Duration::from_secs(seconds)) };
        let load = || async { Ok::<u64, String>(1) };
        cache.get_or_load("long", policy(3_600), load).await.expect("healthy");
        cache.get_or_load("short", policy(1), load).await.expect("healthy");
        cache.clock().advance(Duration::from_secs(1_800));
        assert_eq!(cache.get::<u64>("long").await, Some(1));
        cache.invalidate_tag("tags:shared").await.expect("acknowledged");
        assert_eq!(cache.get::<u64>("long").await, None);
    })
    .await;
}

#[tokio::test]
async fn l12_invalidating_a_tag_costs_one_operation_however_many_entries_have_it() {
    on_stores(async |shelf| {
        let (cache, store, source) = (shelf.node().await, &shelf.store, Source::new(1));
        for id in 0..2_000 {
            cache.clone().scope(row(source.clone(), "a", id)).await;
        }
        let before = store.all_calls();
        cache.invalidate_tag("tags:rows").await.expect("acknowledged");
        assert_eq!((store.all_calls() - before, store.calls(Operation::Bump)), (1, 1));
        source.write(2);
        assert_eq!(cache.scope(row(source.clone(), "a", 1_999)).await, 2);
    })
    .await;
}

#[tokio::test]
async fn l13_tags_are_named_as_they_are_printed() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        for group in ["a:b", "42", "", "grün", "*"] {
            row(source.clone(), group, 1).await;
            cache.invalidate_tag(&format!("tags:group:{group}")).await.expect("acknowledged");
            assert_miss!(row(source.clone(), group, 1));
        }
    })
    .await;
}

#[derive(Clone, Copy)]
struct Place {
    id: u64,
    group: Option<u64>,
}

#[cached(key = "tags:at:<place.group>:<place.id>", ttl = 600, tags = ["tags:place:<place.group>"])]
async fn at_place(source: Arc<Source>, place: &Place) -> u64 {
    source.read().await
}

#[tokio::test]
async fn l13_a_tag_of_a_field_that_is_none_is_a_tag_of_its_own() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let (some, none) = (Place { id: 1, group: Some(7) }, Place { id: 2, group: None });
        at_place(source.clone(), &some).await;
        at_place(source.clone(), &none).await;
        cache.invalidate_tag("tags:place:7").await.expect("acknowledged");
        assert_miss!(at_place(source.clone(), &some));
        assert_hit!(at_place(source.clone(), &none));
        let tags = at_place_entry(&none).explain().await.dependencies;
        let tag = tags.iter().find_map(|name| name.strip_prefix("tag:"));
        cache.invalidate_tag(tag.expect("it has one")).await.expect("acknowledged");
        assert_miss!(at_place(source.clone(), &none));
        assert_hit!(at_place(source.clone(), &some));
    })
    .await;
}

#[tokio::test]
async fn l16_clearing_one_namespace_leaves_the_others() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        // One begins like another.
        let [acme, longer] = ["acme", "acme2"].map(|name| cache.tenant(name).expect("a name"));
        let all = [&cache, &acme, &longer];
        for of in all {
            of.clone().scope(row(source.clone(), "a", 1)).await;
        }
        acme.clear().await.expect("acknowledged");
        cache.clone().scope(async { assert_hit!(row(source.clone(), "a", 1)) }).await;
        longer.clone().scope(async { assert_hit!(row(source.clone(), "a", 1)) }).await;
        acme.clone().scope(async { assert_miss!(row(source.clone(), "a", 1)) }).await;
        cache.clear().await.expect("acknowledged");
        cache.clone().scope(async { assert_miss!(row(source.clone(), "a", 1)) }).await;
        for of in [&acme, &longer] {
            of.clone().scope(async { assert_hit!(row(source.clone(), "a", 1)) }).await;
        }
    })
    .await;
}

#[tokio::test]
async fn l17_l18_clear_hides_everything_and_what_was_under_way() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        row(source.clone(), "a", 1).await;
        let gate = source.hold();
        let load = tokio::spawn(cache.clone().scope(row(source.clone(), "a", 2)));
        gate.reached().await;
        source.write(2);
        cache.clear().await.expect("acknowledged");
        gate.release();
        load.await.expect("served");
        assert_eq!(assert_miss!(row(source.clone(), "a", 1)), 2);
        assert_eq!(assert_miss!(row(source.clone(), "a", 2)), 2);
        assert_hit!(row(source.clone(), "a", 1));
    })
    .await;
}

#[tokio::test]
async fn l19_a_tag_that_looks_like_something_else_is_only_a_tag() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        row(source.clone(), "a", 1).await;
        for odd in ["*", "", "!", "all", "ev:", "tag:", "key:tags:row:a:1", "\0", "tags:*"] {
            cache.invalidate_tag(odd).await.expect("acknowledged");
        }
        assert_hit!(row(source.clone(), "a", 1));
    })
    .await;
}

#[tokio::test]
async fn an_entry_by_hand_lists_its_tags_so_that_readers_without_them_are_safe() {
    on_each(async |cache, _| {
        let tagged = Policy { tags: vec!["tags:by-hand".into()], ..Policy::ttl(Duration::from_secs(600)) };
        cache.set("k", 1_u64, tagged).await.expect("set");
        assert_eq!(cache.get::<u64>("k").await, Some(1));
        cache.clock().advance(Duration::from_secs(2));
        assert_eq!(cache.get::<u64>("k").await, Some(1), "and it can be found valid again");
        cache.invalidate_tag("tags:by-hand").await.expect("acknowledged");
        assert_eq!(cache.get::<u64>("k").await, None);
    })
    .await;
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Member {
    guild: u64,
    version: u64,
}

#[cached(key = "tags:member:<id>", ttl = 60, none_ttl = 60, tags = ["tags:members", "tags:in:<return.guild>"], skip(guild))]
async fn member(source: Arc<Source>, id: u64, guild: Option<u64>) -> Option<Member> {
    let version = source.read().await;
    guild.map(|guild| Member { guild, version })
}

/// A node that has never heard of the partition of a tag keeps a value with it only the second time.
async fn know(cache: &Cache) {
    cache.invalidate_tags(&["tags:in:7", "tags:in:8", "tags:in:9"]).await.expect("acknowledged");
}

#[tokio::test]
async fn an_entry_has_the_tags_of_its_value() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        know(&cache).await;
        // The third has no value, hence no tags of one.
        for (id, guild) in [(1, Some(7)), (2, Some(8)), (3, None)] {
            assert_miss!(member(source.clone(), id, guild));
            assert_hit!(member(source.clone(), id, guild));
        }
        source.write(2);
        cache.invalidate_tag("tags:in:7").await.expect("acknowledged");
        assert_eq!(member(source.clone(), 1, Some(9)).await, Some(Member { guild: 9, version: 2 }));
        assert_hit!(member(source.clone(), 2, Some(8)));
        assert_hit!(member(source.clone(), 3, None));
        cache.invalidate_tag("tags:in:7").await.expect("acknowledged");
        assert_hit!(member(source.clone(), 1, Some(9)));
        cache.invalidate_tag("tags:in:9").await.expect("acknowledged");
        assert_miss!(member(source.clone(), 1, Some(9)));
        cache.invalidate_tag("tags:members").await.expect("acknowledged");
        assert_miss!(member(source.clone(), 3, None));
    })
    .await;
}

#[tokio::test]
async fn a_load_during_which_a_tag_of_its_value_was_invalidated_is_not_kept() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        let gate = source.hold();
        let load = tokio::spawn(cache.clone().scope(member(source.clone(), 1, Some(7))));
        gate.reached().await;
        source.write(2);
        cache.invalidate_tag("tags:in:7").await.expect("acknowledged");
        gate.release();
        assert_eq!(load.await.expect("served"), Some(Member { guild: 7, version: 1 }));
        assert_eq!(member(source.clone(), 1, Some(7)).await, Some(Member { guild: 7, version: 2 }));
        assert_hit!(member(source.clone(), 1, Some(7)));
    })
    .await;
}

#[tokio::test]
async fn a_value_set_by_hand_and_one_refreshed_have_the_tags_of_the_new_value() {
    on_each(async |cache, _| {
        let source = Source::new(1);
        know(&cache).await;
        member_entry(1).set(Member { guild: 7, version: 0 }).await.expect("stored");
        assert_eq!(assert_hit!(member(source.clone(), 1, Some(7))).expect("set").version, 0);
        cache.invalidate_tag("tags:in:7").await.expect("acknowledged");
        assert_miss!(member(source.clone(), 1, Some(7)));
        member_refresh(source.clone(), 1, Some(8)).await;
        cache.invalidate_tag("tags:in:7").await.expect("acknowledged");
        assert_hit!(member(source.clone(), 1, Some(8)));
        cache.invalidate_tag("tags:in:8").await.expect("acknowledged");
        assert_miss!(member(source.clone(), 1, Some(8)));
    })
    .await;
}
