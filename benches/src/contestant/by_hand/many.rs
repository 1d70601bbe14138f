//! A hundred keys at once, in the three ways that there are, each with bincode.

use super::{fill_guilds, name};
use crate::case::batch::Batch;
use crate::value::Guild;
use anyhow::Result;
use bincode::config::standard;
use futures_util::future::join_all;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use std::collections::HashMap;

/// One `MGET`.
pub(crate) struct Mget(MultiplexedConnection);

/// A `GET` for each, in one pipeline.
pub(crate) struct Pipeline(MultiplexedConnection);

/// A `GET` for each, by as many futures.
pub(crate) struct Joined(MultiplexedConnection);

impl Batch for Mget {
    const NAME: &'static str = "redis-rs, one MGET and bincode";

    async fn filled(url: &str, keys: u64) -> Result<Self> {
        fill_guilds(url, keys).await.map(Self)
    }

    async fn fetch(&self, keys: Vec<u64>) -> HashMap<u64, Guild> {
        let names: Vec<String> = keys.iter().map(|key| name(*key)).collect();
        let found: Vec<Vec<u8>> = self.0.clone().mget(names).await.expect("the server is there");
        decoded(keys, found)
    }
}

impl Batch for Pipeline {
    const NAME: &'static str = "redis-rs, a pipeline of GETs and bincode";

    async fn filled(url: &str, keys: u64) -> Result<Self> {
        fill_guilds(url, keys).await.map(Self)
    }

    async fn fetch(&self, keys: Vec<u64>) -> HashMap<u64, Guild> {
        let mut gets = redis::pipe();
        for key in &keys {
            gets.get(name(*key));
        }
        let found: Vec<Vec<u8>> = gets.query_async(&mut self.0.clone()).await.expect("the server is there");
        decoded(keys, found)
    }
}

impl Batch for Joined {
    const NAME: &'static str = "redis-rs, joined GETs and bincode";

    async fn filled(url: &str, keys: u64) -> Result<Self> {
        fill_guilds(url, keys).await.map(Self)
    }

    async fn fetch(&self, keys: Vec<u64>) -> HashMap<u64, Guild> {
        let get = |key: &u64| {
            let (mut connection, name) = (self.0.clone(), name(*key));
            async move { connection.get::<_, Vec<u8>>(name).await.expect("the server is there") }
        };
        let found = join_all(keys.iter().map(get)).await;
        decoded(keys, found)
    }
}

fn decoded(keys: Vec<u64>, found: Vec<Vec<u8>>) -> HashMap<u64, Guild> {
    let decode = |bytes: Vec<u8>| bincode::serde::decode_from_slice(&bytes, standard()).expect("it was written so").0;
    keys.into_iter().zip(found.into_iter().map(decode)).collect()
}
