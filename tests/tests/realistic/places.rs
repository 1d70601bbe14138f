//! Where something is and what it is called there: geography, weather, translations.

use crate::world::{Db, Http, HttpError};
use cache_runtime::{CacheKey, assert_hit, cached};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, CacheKey)]
pub(crate) struct Point {
    latitude: f64,
    longitude: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Forecast {
    celsius: f32,
    rain: Option<f32>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Locale(String);

impl Locale {
    fn as_str(&self) -> &str {
        &self.0
    }
}

const HOUR: u64 = 60 * 60;

#[cached(key = "geo:distance:<from>:<to>", ttl = 2 * HOUR)]
async fn distance_km(from: Point, to: Point) -> f64 {
    let (x, y) = (from.latitude - to.latitude, from.longitude - to.longitude);
    x.hypot(y) * 111.0
}

#[cached(key = "geo:code:<address>", ttl = "7d", skip(C))]
async fn geocode<C: Http>(client: &C, address: &str) -> Result<Point, HttpError> {
    let body = client.get(&format!("/geo?q={address}")).await?;
    let (latitude, longitude) = body.split_once(' ').ok_or(HttpError::Status(502))?;
    let number = |text: &str| text.parse::<f64>().map_err(|_| HttpError::Status(502));
    Ok(Point { latitude: number(latitude)?, longitude: number(longitude)? })
}

#[cached(key = "weather:<at.latitude>:<at.longitude>", ttl = "10m", stale_while_revalidate = "1h", tiers = both)]
async fn weather(client: Arc<Db>, at: Point) -> Result<Forecast, HttpError> {
    let body = client.get("/weather").await?;
    Ok(Forecast { celsius: body.parse().map_err(|_| HttpError::Status(502))?, rain: None })
}

#[cached(key = "postcode:<country>:<code>", ttl = 86_400, error_if = is_lasting, error_ttl = "1m")]
async fn town(client: &impl Http, country: &str, code: NonZeroU32) -> Result<String, HttpError> {
    client.get(&format!("/towns/{country}/{code}")).await
}

fn is_lasting(error: &HttpError) -> bool {
    matches!(error, HttpError::Status(404))
}

#[cached(key = "i18n:<locale.as_str()>:<id>", ttl = "1h", tiers = l1)]
async fn translated(db: &Db, locale: &Locale, id: &str) -> Option<Arc<str>> {
    match db.find("messages", format!("{}/{id}", locale.0)).await {
        Some(text) => Some(text.into()),
        None => db.find("messages", format!("en/{id}")).await.map(Into::into),
    }
}

#[cached(key = "i18n:all:<locale.0>", ttl = "1h")]
async fn messages(db: &Db, locale: Locale) -> HashMap<String, String> {
    let prefix = format!("{}/", locale.0);
    let rows = db.all("messages").await.into_iter();
    rows.filter_map(|(key, text)| Some((key.strip_prefix(&prefix)?.to_owned(), text))).collect()
}

#[cached(key = "plural:<locale>:<n>", ttl = 60, tiers = l1)]
async fn plural(n: u64, locale: &str) -> &'static str {
    match (locale, n) {
        (_, 1) => "one",
        ("pl", 2..=4) => "few",
        _ => "other",
    }
}

#[cached(key = "timezone:<at>", ttl = 3600, consistency = eventual)]
async fn utc_offset(at: (f64, f64)) -> Result<i8, std::num::TryFromIntError> {
    let (_latitude, longitude) = at;
    i8::try_from((longitude / 15.0).round() as i64)
}

#[cached(ttl = 3600, name = "geo.neighbours", version = 2)]
async fn neighbours(country: char, depth: u8) -> Vec<char> {
    let next = |c: char| char::from_u32(c as u32 + u32::from(depth)).unwrap_or('Z');
    vec![country, next(country)]
}

#[cached(key = "route:<stops>", ttl = 300, lock = true)]
async fn route(client: &dyn Router, stops: &[Point]) -> Vec<Point> {
    client.shortest(stops)
}

trait Router: Sync {
    fn shortest(&self, stops: &[Point]) -> Vec<Point>;
}

struct Straight;

impl Router for Straight {
    fn shortest(&self, stops: &[Point]) -> Vec<Point> {
        stops.to_vec()
    }
}

#[cache_runtime::test]
async fn distances_and_routes_go_by_the_value_of_a_point() {
    let (here, there) = (Point { latitude: 0.0, longitude: 0.0 }, Point { latitude: 3.0, longitude: 4.0 });
    assert_eq!(distance_km(here, there).await, 555.0);
    assert_eq!(distance_km(here, here).await, 0.0);
    assert_eq!(route(&Straight, &[here, there]).await, [here, there]);
    assert_eq!(route(&Straight, &[there]).await, [there]);
    assert_eq!(utc_offset((52.5, 13.4)).await, Ok(1));
    assert_eq!(neighbours('A', 2).await, ['A', 'C']);
    assert_eq!(plural(3, "pl").await, "few");
}

#[cache_runtime::test]
async fn what_other_servers_say_is_kept() {
    let db = Arc::new(Db::with([("http", "/geo?q=Berlin", "52.5 13.4"), ("http", "/weather", "21.5")]));
    let berlin = geocode(&*db, "Berlin").await.expect("a point");
    assert_eq!(weather(db.clone(), berlin).await.expect("a forecast").celsius, 21.5);
    assert_hit!(weather(db.clone(), berlin)).expect("what was kept");
    let code = NonZeroU32::new(10115).expect("not zero");
    assert_eq!(town(&*db, "de", code).await, Err(HttpError::Status(404)));
    assert_hit!(town(&*db, "de", code)).expect_err("what was kept");
}

#[cache_runtime::test]
async fn a_locale_without_a_text_has_the_english_one() {
    let db =
        Db::with([("messages", "en/hello", "hello"), ("messages", "de/hello", "hallo"), ("messages", "en/bye", "bye")]);
    let german = Locale("de".into());
    assert_eq!(translated(&db, &german, "hello").await.as_deref(), Some("hallo"));
    assert_eq!(translated(&db, &german, "bye").await.as_deref(), Some("bye"));
    assert_eq!(messages(&db, german).await.len(), 1);
}
