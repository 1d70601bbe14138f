//! A scope in which the usual names mean something else: Y06.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;
use shadow::{Box, Clone, Default, Duration, Err, None, Ok, Option, Result, Send, Some, String, Vec, std};

#[allow(non_snake_case, dead_code, unused_macros)]
mod shadow {
    pub struct Result;
    pub struct Option;
    pub struct String;
    pub struct Vec;
    pub struct Box;
    pub struct Duration;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub mod std {
        pub struct Nothing;
    }
    pub trait Clone {}
    pub trait Default {}
    pub trait Send {}
}

#[allow(dead_code)]
mod core {}
#[allow(dead_code)]
mod alloc {}

impl Clone for Result {}
impl Default for Result {}
impl Send for Result {}

#[cached(key = "shadowed:<id>", ttl = 300, invalidate_on = ["user_update"], tags = ["shadowed:<id>"])]
async fn shadowed(id: u64) -> ::std::result::Result<::std::option::Option<u64>, ()> {
    ::std::result::Result::Ok(::std::option::Option::Some(id))
}

#[cached(ttl = 300, tiers = both, version = 2, name = "shadowed_too")]
async fn by_default_key(name: &str, id: ::std::option::Option<u64>) -> ::std::string::String {
    ::std::format!("{name} {id:?}")
}

/// A key.
#[derive(cache_runtime::CacheKey)]
pub enum Key {
    /// Of a pair.
    Pair(u64, u64),
    /// Of nothing.
    Unit,
}

#[derive(cache_runtime::CacheEvent)]
#[event(name = "user_update")]
struct UserUpdate {
    id: u64,
}

#[cached(key = "typed:<id>", ttl = 300, invalidate_on = [UserUpdate])]
async fn typed(id: u64) -> u64 {
    id
}

#[cached(ttl = 300)]
async fn keyed(key: Key) -> u64 {
    match key {
        Key::Pair(left, right) => left + right,
        Key::Unit => 0,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let _ = (Result, Option, String, Vec, Box, Duration, Some, None, Ok, Err, std::Nothing);
    assert_eq!(shadowed(1).await, ::std::result::Result::Ok(::std::option::Option::Some(1)));
    assert_eq!(by_default_key("a", ::std::option::Option::None).await, "a None");
    assert_eq!(keyed(Key::Pair(1, 2)).await + keyed(Key::Unit).await, 3);
    assert_eq!(typed(1).await, 1);
    let _ = cache_runtime::Event::from(UserUpdate { id: 1 });
}
