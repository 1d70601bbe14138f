//! A hundred functions of services as they are: written first, cached by an attribute then, with no word of them changed.
//!
//! Each file is a part of some service. That it compiles is the larger half of the test (A21); a sample of each is called.

#![allow(dead_code, reason = "not every function is called")]

mod catalogue;
mod clients;
mod content;
mod families;
mod flags;
mod generics;
mod handlers;
mod places;
mod repositories;
mod users;
mod world;

#[cache_runtime::test]
async fn there_are_a_hundred_of_them(cache: cache_runtime::Cache) {
    let functions = cache.graph().functions.len();
    assert!(functions >= 100, "{functions}");
}
