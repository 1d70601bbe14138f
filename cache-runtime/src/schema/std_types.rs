//! The structures of the standard library's types. What serde writes alike is alike here.

use super::{CacheSchema, Structure};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

macro_rules! leaves {
    ($($t:ty => $name:literal),* $(,)?) => {$(
        impl CacheSchema for $t {
            fn describe(structure: &mut Structure) {
                structure.leaf($name);
            }
        }
    )*};
}

leaves! {
    bool => "bool", char => "char", () => "()",
    u8 => "u8", u16 => "u16", u32 => "u32", u64 => "u64", u128 => "u128", usize => "usize",
    i8 => "i8", i16 => "i16", i32 => "i32", i64 => "i64", i128 => "i128", isize => "isize",
    f32 => "f32", f64 => "f64",
    str => "text", String => "text",
    Duration => "duration", SystemTime => "time",
    std::net::IpAddr => "ip", std::net::Ipv4Addr => "ipv4", std::net::Ipv6Addr => "ipv6", std::net::SocketAddr => "socket",
    std::path::PathBuf => "path",
}

#[cfg(feature = "uuid")]
leaves! { uuid::Uuid => "uuid" }

macro_rules! transparent {
    ($($t:ty),*) => {$(
        impl<T: CacheSchema + ?Sized> CacheSchema for $t {
            fn describe(structure: &mut Structure) {
                T::describe(structure);
            }
        }
    )*};
}

transparent!(&T, Box<T>, Arc<T>, Rc<T>);

impl<T: CacheSchema + ToOwned + ?Sized> CacheSchema for Cow<'_, T> {
    fn describe(structure: &mut Structure) {
        T::describe(structure);
    }
}

macro_rules! sequences {
    ($($t:ty),*) => {$(
        impl<T: CacheSchema> CacheSchema for $t {
            fn describe(structure: &mut Structure) {
                structure.of::<Self>("sequence", T::describe);
            }
        }
    )*};
}

sequences!([T], Vec<T>, VecDeque<T>, LinkedList<T>, BTreeSet<T>);

impl<T: CacheSchema, H> CacheSchema for HashSet<T, H> {
    fn describe(structure: &mut Structure) {
        structure.of::<Self>("sequence", T::describe);
    }
}

impl<K: CacheSchema, V: CacheSchema, H> CacheSchema for HashMap<K, V, H> {
    fn describe(structure: &mut Structure) {
        map::<Self, K, V>(structure);
    }
}

impl<K: CacheSchema, V: CacheSchema> CacheSchema for BTreeMap<K, V> {
    fn describe(structure: &mut Structure) {
        map::<Self, K, V>(structure);
    }
}

fn map<M, K: CacheSchema, V: CacheSchema>(structure: &mut Structure) {
    structure.of::<M>("map", |structure| {
        K::describe(structure);
        V::describe(structure);
    });
}

impl<T: CacheSchema> CacheSchema for Option<T> {
    fn describe(structure: &mut Structure) {
        structure.of::<Self>("option", T::describe);
    }
}

impl<T: CacheSchema, E: CacheSchema> CacheSchema for Result<T, E> {
    fn describe(structure: &mut Structure) {
        structure.of::<Self>("result", |structure| {
            T::describe(structure);
            E::describe(structure);
        });
    }
}

impl<T: CacheSchema, const N: usize> CacheSchema for [T; N] {
    fn describe(structure: &mut Structure) {
        structure.of::<Self>("array", |structure| {
            structure.leaf(&N.to_string());
            T::describe(structure);
        });
    }
}

macro_rules! tuples {
    ($(($($t:ident),+))*) => {$(
        impl<$($t: CacheSchema),+> CacheSchema for ($($t,)+) {
            fn describe(structure: &mut Structure) {
                structure.of::<Self>("tuple", |structure| {
                    $($t::describe(structure);)+
                });
            }
        }
    )*};
}

tuples! {
    (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H)
}
