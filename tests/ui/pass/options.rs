//! Every option, in every form.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::{Json, cached};
use std::time::Duration;

const SECONDS: u64 = 300;
const LIFETIME: Duration = Duration::from_millis(250);

/// Constants.
pub struct Config;

impl Config {
    const TTL: Duration = Duration::from_millis(900);

    #[cached(key = "options:associated:<id>", ttl = Config::TTL)]
    async fn associated(id: u64) -> u64 {
        id
    }
}

#[cached(key = "options:seconds:<id>", ttl = SECONDS)]
async fn seconds(id: u64) -> u64 {
    id
}

#[cached(key = "options:constant:<id>", ttl = LIFETIME)]
async fn constant(id: u64) -> u64 {
    id
}

#[cached(key = "options:expression:<id>", ttl = Duration::from_millis(900) * 5)]
async fn expression(id: u64) -> u64 {
    id
}

#[cached(key = "options:text:<id>", ttl = "1h30m")]
async fn text(id: u64) -> u64 {
    id
}

#[cached(
    key = "options:<<literal>:<id>",
    ttl = 300,
    invalidate_on = ["user_update", "user_delete(id)", "guild_update(user = id)", "reset(*)",],
    tags = ["users", "user:<id>",],
    skip(locale,),
    name = "options.everything",
    version = 2,
    tiers = both,
    none_ttl = "5s",
    consistency = strong,
    codec = Json,
    companions = true,
)]
async fn everything(id: u64, locale: &str) -> String {
    format!("{id} {locale}")
}

#[cached(key = "options:listed:<id>", ttl = 300, skip = [locale], codec = cache_runtime::Postcard)]
async fn listed(id: u64, locale: &str) -> String {
    format!("{id} {locale}")
}

#[cached]
async fn nothing(id: u64) -> u64 {
    id
}

#[cached()]
async fn nothing_in_parentheses(id: u64) -> u64 {
    id
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(Config::associated(1).await + seconds(1).await + constant(1).await, 3);
    assert_eq!(expression(1).await + text(1).await, 2);
    assert_eq!(everything(1, "en").await, "1 en");
    assert_eq!(everything_entry(1).key(), "options:<literal>:1");
    assert_eq!(listed(1, "en").await, "1 en");
    assert_eq!(nothing(1).await + nothing_in_parentheses(1).await, 2);
}
