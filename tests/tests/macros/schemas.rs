//! Entries of a type that has changed are misses: S11, Y12, J06, A20.

use cache_runtime::{Cache, CacheSchema, MemoryStore, Policy, Schema, assert_hit, assert_miss, cached};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One version of a program: a type, and a function that returns it.
macro_rules! version {
    ($name:ident, $key:literal, $(#[$attribute:meta])* { $($item:tt)* }) => {
        mod $name {
            use super::*;

            #[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, CacheSchema)]
            $(#[$attribute])*
            pub(super) struct Row {
                $($item)*
            }

            #[cached(key = $key, ttl = 600, tiers = l2)]
            pub(super) async fn row() -> Row {
                Row::default()
            }

            pub(super) fn schema() -> Schema {
                Schema::structural::<Row>(0)
            }
        }
    };
}

version!(first, "schema:a", { x: i32, y: i32 });
version!(same, "schema:b", { x: i32, y: i32 });
version!(swapped, "schema:c", { y: i32, x: i32 });
version!(renamed, "schema:d", { x: i32, z: i32 });
version!(retyped, "schema:e", { x: i32, y: u32 });
version!(longer, "schema:f", { x: i32, y: i32, z: Option<i32> });
version!(nested, "schema:g", { x: i32, y: (i32,) });
version!(renamed_by_serde, "schema:h", #[serde(rename_all = "UPPERCASE")] { x: i32, y: i32 });
version!(field_renamed_by_serde, "schema:i", { x: i32, #[serde(rename = "z")] y: i32 });

/// S11, Y12
#[test]
fn every_change_of_a_struct_changes_its_fingerprint() {
    assert_eq!(first::schema(), same::schema(), "neither its module nor its name is stored");
    let others = [
        swapped::schema(),
        renamed::schema(),
        retyped::schema(),
        longer::schema(),
        nested::schema(),
        renamed_by_serde::schema(),
        field_renamed_by_serde::schema(),
    ];
    for (at, other) in others.iter().enumerate() {
        assert_ne!(*other, first::schema(), "{at}");
        assert!(!others[..at].contains(other), "{at}");
    }
}

mod before {
    use super::*;

    #[derive(CacheSchema)]
    pub(super) enum Shape {
        Point,
        Circle(#[allow(dead_code)] f64),
    }

    #[derive(CacheSchema)]
    pub(super) struct Inner {
        #[allow(dead_code)]
        pub(super) x: i32,
    }
}

mod after {
    use super::*;

    #[derive(CacheSchema)]
    pub(super) enum Shape {
        Circle(#[allow(dead_code)] f64),
        Point,
    }

    #[derive(CacheSchema)]
    pub(super) struct Inner {
        #[allow(dead_code)]
        pub(super) x: i64,
    }
}

/// S11
#[test]
fn a_change_of_variants_or_far_inside_changes_the_fingerprint() {
    fn of<T: CacheSchema>() -> Schema {
        Schema::structural::<T>(0)
    }
    assert_ne!(of::<before::Shape>(), of::<after::Shape>());
    let _constructible = [before::Shape::Point, before::Shape::Circle(1.0)].len()
        + [after::Shape::Point, after::Shape::Circle(1.0)].len();
    assert_ne!(of::<HashMap<String, Vec<Option<before::Inner>>>>(), of::<HashMap<String, Vec<Option<after::Inner>>>>());
    assert_eq!(of::<HashMap<String, Arc<before::Inner>>>(), of::<BTreeMap<Box<str>, before::Inner>>());
    assert_ne!(of::<(before::Inner, u8)>(), of::<(u8, before::Inner)>());
    assert_ne!(Schema::structural::<u8>(0), Schema::structural::<u8>(1));
}

#[derive(CacheSchema)]
#[allow(dead_code)]
struct Tree<T> {
    value: T,
    children: Vec<Tree<T>>,
    parent: Option<Box<Tree<T>>>,
}

#[derive(CacheSchema)]
#[allow(dead_code)]
struct Odd {
    even: Option<Box<Even>>,
}

#[derive(CacheSchema)]
#[allow(dead_code)]
struct Even {
    odd: Vec<Odd>,
}

#[test]
fn types_inside_themselves_have_a_fingerprint() {
    assert_ne!(Schema::structural::<Tree<u8>>(0), Schema::structural::<Tree<u16>>(0));
    assert_ne!(Schema::structural::<Odd>(0), Schema::structural::<Even>(0));
}

/// Without `CacheSchema`.
struct Foreign;

#[derive(CacheSchema)]
#[allow(dead_code)]
struct Holder {
    foreign: Foreign,
    other: Vec<Foreign>,
}

#[test]
fn a_field_of_another_type_stands_with_its_name() {
    assert_ne!(Schema::structural::<Holder>(0), Schema::structural::<(u8, u8)>(0));
    let _constructible = Holder { foreign: Foreign, other: vec![Foreign] };
}

/// S11
#[tokio::test]
async fn a_cached_function_goes_by_the_structure_of_its_values_and_a_change_is_a_miss_both_ways() {
    let store = MemoryStore::new();
    let cache = |namespace: &str| Cache::builder().store(store.clone()).namespace(namespace.to_owned()).build();
    // The same key, as two versions of one program have it.
    let (old, new) = (cache("s").await.expect("coherent"), cache("s").await.expect("coherent"));
    mod v1 {
        use super::*;

        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize, CacheSchema)]
        pub(super) struct Row(pub(super) u32, pub(super) u32);
    }
    mod v2 {
        use super::*;

        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize, CacheSchema)]
        pub(super) struct Row(pub(super) u32, pub(super) i32);
    }
    #[cached(key = "schema:rows", ttl = 600)]
    async fn before() -> Vec<v1::Row> {
        vec![v1::Row(1, 2)]
    }
    #[cached(key = "schema:rows", ttl = 600)]
    async fn after() -> Vec<v2::Row> {
        vec![v2::Row(3, -4)]
    }
    old.clone().scope(before()).await;
    let missed = new.clone().scope(async { assert_miss!(after()) }).await;
    assert_eq!(missed, [v2::Row(3, -4)]);
    assert_eq!((new.stats().set_aside, new.stats().unreadable), (1, 0));
    let again = cache("s").await.expect("coherent");
    assert_eq!(again.scope(async { assert_hit!(before()) }).await, [v1::Row(1, 2)]);
}

#[tokio::test]
async fn versions_of_one_structure_share_their_entries() {
    let store = MemoryStore::new();
    let cache = async || Cache::builder().store(store.clone()).build().await.expect("coherent");
    cache().await.scope(first::row()).await;
    let found = cache().await.scope(async { assert_hit!(first::row()) }).await;
    assert_eq!(found, first::Row::default());
    assert_eq!(swapped::row().await, swapped::Row::default());
    assert_eq!(renamed::row().await, renamed::Row::default());
    assert_eq!(retyped::row().await, retyped::Row::default());
    assert_eq!(longer::row().await, longer::Row::default());
    assert_eq!(nested::row().await, nested::Row::default());
    assert_eq!(renamed_by_serde::row().await, renamed_by_serde::Row::default());
    assert_eq!(field_renamed_by_serde::row().await, field_renamed_by_serde::Row::default());
    assert_eq!(same::row().await, same::Row::default());
}

/// What is stored by hand goes by the name of its type.
#[tokio::test]
async fn an_entry_by_hand_is_read_by_hand() {
    let cache = Cache::in_memory();
    cache
        .set("schema:hand", first::Row::default(), Policy::ttl(std::time::Duration::from_secs(60)))
        .await
        .expect("set");
    assert_eq!(cache.get::<first::Row>("schema:hand").await, Some(first::Row::default()));
}
