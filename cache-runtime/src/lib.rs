//! Caching for async functions: one attribute, two tiers, and no value from before an acknowledged invalidation.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
//! use cache_runtime::{Cache, CacheEvent, cached};
//!
//! #[derive(CacheEvent)]
//! #[event(name = "member_update")]
//! struct MemberUpdate {
//!     guild_id: u64,
//! }
//!
//! #[cached(key = "guild:<guild_id>:members", ttl = 300, invalidate_on = ["member_update"])]
//! async fn guild_members(guild_id: u64) -> Result<Vec<String>, std::io::Error> {
//!     Ok(vec![format!("the owner of {guild_id}")])
//! }
//!
//! let cache = Cache::builder().build().await?;
//! cache.install();
//! let loaded = guild_members(42).await;
//! let cached = guild_members(42).await;
//! assert_eq!(loaded.ok(), cached.ok());
//! cache.emit(MemberUpdate { guild_id: 42 }).await?;
//! # Ok(()) }
//! ```
//!
//! The modules in reading order, each using only those before it: the words ([`key`], [`policy`], [`clock`], [`error`],
//! [`event`], `schema`, `stamp`, `token`, `call`, `function`, `writer`, `registry`, `outcome`), the mechanisms ([`codec`],
//! `envelope`, `packing`, `load`, `flight`, `backoff`, `breaker`, `telemetry`), the ports ([`bus`], [`store`]), the engine (`cache`), and the
//! doors by which people and generated code come in.

pub mod clock;
pub mod codec;
pub mod error;
pub mod event;
mod few;
pub mod key;
pub mod policy;
mod schema;
pub mod stamp;
mod token;

mod call;
mod function;
mod outcome;
mod registry;
mod writer;

mod backoff;
mod breaker;
#[cfg(all(test, any(feature = "bincode", feature = "redis")))]
mod draws;
mod early;
mod envelope;
mod flight;
mod load;
mod packing;
mod telemetry;

pub mod bus;
pub mod store;

mod cache;

#[doc(hidden)]
pub mod __private;
#[doc(hidden)]
pub use __private as __cache_runtime;
mod config;
pub mod outbox;
mod scope;
#[cfg(feature = "testing")]
pub mod testing;
pub mod warmup;

pub use cache::{
    Announced, Builder, Cache, Deferred, Entry, Explanation, Found, Graph, GraphEvent, GraphFunction, GraphWriter,
    Impact, ImpactedFunction, Recovery, SlowClone,
};
#[cfg(feature = "testing")]
pub use cache_macros::test;
pub use cache_macros::{CacheEvent, CacheKey, CacheSchema, cache_put, cached, invalidates};
pub use call::{Call, with};
pub use clock::Clock;
#[cfg(feature = "bincode")]
pub use codec::Bincode;
#[cfg(feature = "json")]
pub use codec::Json;
#[cfg(feature = "msgpack")]
pub use codec::MessagePack;
#[cfg(feature = "postcard")]
pub use codec::Postcard;
pub use codec::{AnyCodec, Cacheable, Codec};
pub use error::{CodecError, Error, StoreError, Unanswered};
pub use event::{CacheEvent, Event};
pub use key::KeyPart;
pub use load::Load;
pub use outcome::{Answered, Outcome, Tier, observe, observe_all};
#[cfg(feature = "compression")]
pub use packing::Compress;
#[cfg(feature = "encryption")]
pub use packing::Keyring;
pub use policy::{Consistency, Eviction, L1, Policy, Tiers};
pub use schema::{CacheSchema, Schema, Structure};
pub use scope::current;
#[cfg(feature = "redis")]
pub use store::redis::RedisStore;
pub use store::{MemoryStore, Store};
pub use telemetry::{Activity, ActivityKind, FunctionStats, Histogram, Metrics, Notice, Observer, Stats};
pub use token::{InvalidToken, Token};
