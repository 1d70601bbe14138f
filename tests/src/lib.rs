//! What the tests share: sources that wait on request, caches over every kind of store, and real servers.

mod caches;
mod redis_server;
mod source;

pub use caches::{Over, on_each, over_redis};
pub use redis_server::RedisServer;
pub use source::{Gate, Source};
