//! What the tests share: sources that wait on request, caches over every kind of store, and real servers.

mod caches;
mod certificates;
mod failed;
pub mod model;
mod proxy;
mod redis_cluster;
mod redis_server;
pub mod schedule;
mod shelf;
mod source;
mod tasks;

pub use caches::{
    BOUND, CLUSTER, Over, again_over_a_cluster, eventually, eventually_is, on_each, on_nodes, on_nodes_with, over_redis,
};
pub use certificates::Certificates;
pub use failed::Failed;
pub use proxy::Proxy;
pub use redis_cluster::{RedisCluster, Wires};
pub use redis_server::RedisServer;
pub use shelf::{Shelf, on_stores};
pub use source::{Gate, Source};
pub use tasks::begin;
