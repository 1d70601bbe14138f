//! What a shop sells: prices, stock, search.

use crate::world::{Db, DbResult};
use cache_runtime::{CacheKey, CacheSchema, assert_hit, assert_miss, cached};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, CacheKey)]
enum Currency {
    Eur,
    Usd,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, CacheSchema)]
struct Price {
    cents: u64,
    currency: String,
    is_final: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, CacheKey)]
struct Filter {
    category: Option<String>,
    max_cents: Option<u64>,
    tags: BTreeSet<String>,
}

#[cached(key = "price:<sku>:<currency>", ttl = 60, jitter = 0.1)]
async fn price(db: &Db, sku: &str, currency: Currency) -> DbResult<Price> {
    let cents: u64 = db.one("prices", sku).await?.parse().unwrap_or(0);
    Ok(match currency {
        Currency::Eur => Price { cents, currency: "EUR".into(), is_final: true },
        Currency::Usd => Price { cents: cents * 11 / 10, currency: "USD".into(), is_final: false },
    })
}

#[cached(key = "price:total:<skus>", ttl = 60)]
async fn basket_total(db: &Db, skus: &[String]) -> DbResult<u64> {
    let mut total = 0;
    for sku in skus {
        total += price(db, sku, Currency::Eur).await?.cents;
    }
    Ok(total)
}

#[cached(key = "stock:<sku>", ttl = 5, stale_if_error = "10m", soft_timeout = "200ms")]
async fn stock(db: &Db, sku: String) -> DbResult<i64> {
    let row = db.one("stock", &sku).await?;
    row.parse().map_err(|_| crate::world::DbError::Malformed(row))
}

#[cached(key = "search:<query>:<filter>:<page>", ttl = 30)]
async fn search(db: &Db, query: &str, filter: &Filter, page: u32) -> (Vec<String>, usize) {
    let rows = db.all("products").await;
    let found: Vec<String> = rows
        .into_iter()
        .filter(|(_, row)| row.contains(query))
        .filter(|(_, row)| filter.category.as_ref().is_none_or(|category| row.starts_with(category.as_str())))
        .map(|(sku, _)| sku)
        .collect();
    let total = found.len();
    (found.into_iter().skip(page as usize * 2).take(2).collect(), total)
}

#[cached(ttl = 30, skip(db))]
async fn suggestions(db: &Db, prefix: String, limit: usize) -> Vec<String> {
    let names = db.all("products").await.into_iter().map(|(_, row)| row);
    names.filter(|name| name.starts_with(&prefix)).take(limit).collect()
}

#[cached(key = "related:<sku>", ttl = "1h", early = 2.0, stale_while_revalidate = "10m")]
async fn related(db: std::sync::Arc<Db>, sku: String) -> BTreeMap<String, f64> {
    let Some(row) = db.find("related", &sku).await else { return BTreeMap::new() };
    row.split(',').enumerate().map(|(rank, sku)| (sku.to_owned(), 1.0 / (rank as f64 + 1.0))).collect()
}

fn life_of_a_price(price: &Price) -> Duration {
    if price.is_final { Duration::from_secs(3600) } else { Duration::from_secs(30) }
}

#[cached(key = "offer:<sku>", ttl_from = life_of_a_price)]
async fn offer(db: &Db, sku: &'static str) -> Result<Price, crate::world::DbError> {
    let price = price(db, sku, Currency::Eur).await?;
    Ok(Price { cents: price.cents * 9 / 10, ..price })
}

#[cached(key = "tax:<country>:<category>", ttl = "1d")]
async fn tax_rate(country: [char; 2], category: Option<&str>) -> f32 {
    match (country, category) {
        (['D', 'E'], Some("books")) => 0.07,
        (['D', 'E'], _) => 0.19,
        _ => 0.2,
    }
}

#[cached(key = "label:<sku>:<is_long>", ttl = 300)]
async fn label<'a>(db: &'a Db, sku: &'a str, is_long: bool) -> Cow<'static, str> {
    match (db.find("products", sku).await, is_long) {
        (Some(name), true) => Cow::Owned(format!("{name} ({sku})")),
        (Some(name), false) => Cow::Owned(name),
        (None, _) => Cow::Borrowed("unknown"),
    }
}

#[cached(key = "discount:<customer_id>:<percent>:<cents>", ttl = 300, skip(_fee), cache_if = is_worth_keeping)]
async fn discounted(customer_id: i32, percent: f64, (cents, _fee): (u64, u64)) -> Option<u64> {
    (customer_id > 0).then(|| (cents as f64 * (1.0 - percent / 100.0)) as u64)
}

fn is_worth_keeping(cents: &u64) -> bool {
    *cents > 0
}

fn db() -> Db {
    Db::with([
        ("prices", "tea", "500"),
        ("prices", "cup", "900"),
        ("stock", "tea", "7"),
        ("products", "tea", "food tea"),
        ("products", "cup", "home tea cup"),
        ("related", "tea", "cup,pot"),
    ])
}

#[cache_runtime::test]
async fn prices_of_two_currencies_are_two_entries() {
    let db = db();
    assert_eq!(price(&db, "tea", Currency::Eur).await.expect("a price").cents, 500);
    assert_eq!(price(&db, "tea", Currency::Usd).await.expect("a price").cents, 550);
    assert_eq!(basket_total(&db, &["tea".into(), "cup".into()]).await, Ok(1400));
    assert_eq!(db.queries(), 3, "one price was there already");
    assert_eq!(offer(&db, "tea").await.expect("a price").cents, 450);
    assert_eq!(stock(&db, "tea".into()).await, Ok(7));
    assert_hit!(stock(&db, "tea".into())).expect("what was kept");
}

#[cache_runtime::test]
async fn searches_are_told_apart_by_every_part_of_their_filter() {
    let db = db();
    let any = Filter { category: None, max_cents: None, tags: BTreeSet::new() };
    let food = Filter { category: Some("food".into()), ..any.clone() };
    assert_eq!(search(&db, "tea", &any, 0).await.1, 2);
    assert_eq!(search(&db, "tea", &food, 0).await.1, 1);
    assert_hit!(search(&db, "tea", &food, 0));
    assert_eq!(suggestions(&db, "food".into(), 5).await, ["food tea"]);
    assert_eq!(related(db.into(), "tea".into()).await["pot"], 0.5);
}

#[cache_runtime::test]
async fn what_is_not_worth_keeping_is_not_kept() {
    let db = db();
    assert_eq!(tax_rate(['D', 'E'], Some("books")).await, 0.07);
    assert_eq!(tax_rate(['D', 'E'], None).await, 0.19);
    assert_eq!(label(&db, "tea", true).await, "food tea (tea)");
    assert_eq!(label(&db, "pan", true).await, "unknown");
    assert_eq!(discounted(1, 100.0, (50, 1)).await, Some(0));
    assert_miss!(discounted(1, 100.0, (50, 1)));
}
