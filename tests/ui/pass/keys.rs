//! What can stand in a key.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::{CacheKey, cached};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;
use uuid::Uuid;

/// An id of its own type.
#[derive(Clone, Copy, CacheKey)]
pub struct GuildId(u64);

/// Which of several.
#[derive(CacheKey)]
pub enum Scope {
    /// Everything.
    All,
    /// One guild's.
    Guild(GuildId),
    /// One user's.
    User {
        /// Whose.
        id: u64,
        /// Whether deleted ones count.
        deleted: bool,
    },
}

/// What is asked for.
#[derive(CacheKey)]
pub struct Filter<'a, T> {
    name: &'a str,
    values: Vec<T>,
    #[key(skip)]
    trace_id: u64,
}

/// Nothing.
#[derive(CacheKey)]
pub struct Unit;

#[cached(key = "guild:<guild>", ttl = 300)]
async fn guild(guild: GuildId) -> u64 {
    guild.0
}

#[cached(key = "scope:<scope>", ttl = 300)]
async fn scoped(scope: &Scope) -> u64 {
    match scope {
        Scope::All => 0,
        Scope::Guild(guild) => guild.0,
        Scope::User { id, deleted } => id + u64::from(*deleted),
    }
}

#[cached(ttl = 300)]
async fn filtered(filter: Filter<'_, u8>, unit: &Unit) -> usize {
    let Unit = unit;
    filter.name.len() + filter.values.len() + usize::from(filter.trace_id > 0)
}

#[cached(key = "<a>:<b>:<c>:<d>:<e>:<f>", ttl = 300)]
async fn plain(a: Option<u64>, b: Vec<String>, c: char, d: f64, e: bool, f: Uuid) -> String {
    format!("{a:?}{b:?}{c}{d}{e}{f}")
}

#[cached(ttl = 300)]
async fn more(pair: (u8, i64), array: [u8; 2], map: BTreeMap<String, u8>, ip: IpAddr, age: Duration) -> String {
    format!("{pair:?}{array:?}{map:?}{ip}{age:?}")
}

#[cached(key = "nested:<a.0.name>:<a.1.len()>", ttl = 300)]
async fn nested(a: (Filter<'_, u8>, Vec<u8>)) -> usize {
    a.0.name.len() + a.1.len()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(guild(GuildId(42)).await, 42);
    assert_eq!(guild_entry(GuildId(42)).key(), "guild:42");
    for (scope, number) in [(Scope::All, 0), (Scope::Guild(GuildId(7)), 7), (Scope::User { id: 1, deleted: true }, 2)] {
        assert_eq!(scoped(&scope).await, number);
    }
    let filter = || Filter { name: "a", values: vec![1], trace_id: 0 };
    assert_eq!(filtered(filter(), &Unit).await, 2);
    assert!(plain(None, vec![], 'x', 0.5, true, Uuid::nil()).await.contains("0.5"));
    assert!(more((1, -1), [1, 2], BTreeMap::new(), [127, 0, 0, 1].into(), Duration::ZERO).await.contains("127"));
    assert_eq!(nested((filter(), vec![])).await, 1);
}
