//! References, patterns as extractors have them, `mut`, `_`, attributes of parameters.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;

/// As in axum.
pub struct State<T>(pub T);
/// As in axum.
pub struct Path<T>(pub T);
/// As in axum.
pub struct Query<T>(pub T);

/// The state.
#[derive(Clone)]
pub struct App {
    factor: u64,
}

/// What is asked for.
pub struct Search {
    text: String,
    page: u32,
}

#[cached(key = "double:<id>", ttl = 300)]
async fn handler(State(app): State<App>, Path(id): Path<u64>) -> Result<u64, String> {
    Ok(app.factor * id)
}

#[cached(key = "member:<guild_id>:<user_id>", ttl = 300)]
async fn two_in_a_path(Path((guild_id, user_id)): Path<(u64, u64)>) -> u64 {
    guild_id + user_id
}

#[cached(key = "search:<search.text>:<search.page>", ttl = 300)]
async fn by_query(State(_): State<App>, Query(search): Query<Search>) -> String {
    format!("{} {}", search.text, search.page)
}

#[cached(key = "search:fields:<text>:<page>", ttl = 300)]
async fn by_fields(Query(Search { text, page, .. }): Query<Search>) -> String {
    format!("{text} {page}")
}

#[cached(key = "references:<name>:<ids>:<id>", ttl = 300)]
async fn references(db: &App, name: &str, ids: &[u64], id: &u64) -> u64 {
    db.factor + name.len() as u64 + ids.iter().sum::<u64>() + id
}

#[cached(key = "counted:<from>", ttl = 300)]
async fn counted(mut from: u64, _: &App) -> u64 {
    from += 1;
    from
}

#[cached(ttl = 300, skip(db))]
async fn default_key(db: &App, name: String, (left, mut right): (u8, u8)) -> u64 {
    right += 1;
    db.factor + name.len() as u64 + u64::from(left + right)
}

#[cached(key = "attributes:<id>", ttl = 300)]
async fn attributes(#[allow(unused_variables)] app: &App, id: u64) -> u64 {
    id
}

#[cached(key = "connection:<id>", ttl = 300, skip(log))]
async fn connection(log: &mut Vec<u64>, id: u64) -> u64 {
    log.push(id);
    id
}

#[cached(key = "tuple:<pair.0>:<pair.1>", ttl = 300)]
async fn by_index(pair: (u64, char)) -> String {
    format!("{}{}", pair.0, pair.1)
}

#[cached(key = "method:<names.len()>", ttl = 300)]
async fn consumed(names: Vec<String>) -> usize {
    names.into_iter().map(|name| name.len()).sum()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let app = App { factor: 2 };
    assert_eq!(handler(State(app.clone()), Path(21)).await, Ok(42));
    assert_eq!(handler_uncached(State(app.clone()), Path(21)).await, Ok(42));
    assert_eq!(handler_entry(Path(21)).get().await, Some(42));
    assert_eq!(two_in_a_path(Path((1, 2))).await, 3);
    assert_eq!(two_in_a_path_entry(Path((1, 2))).key(), "member:1:2");
    let search = || Query(Search { text: "cache".to_owned(), page: 1 });
    assert_eq!(by_query(State(app.clone()), search()).await, "cache 1");
    assert_eq!(by_fields(search()).await, "cache 1");
    assert_eq!(by_fields_entry(search()).get().await.as_deref(), Some("cache 1"));
    assert_eq!(references(&app, "abc", &[1, 2], &4).await, 12);
    assert_eq!(counted(1, &app).await, 2);
    assert_eq!(counted_refresh(1, &app).await, 2);
    assert_eq!(counted_entry(1).get().await, Some(2));
    assert_eq!(default_key(&app, "abc".to_owned(), (1, 2)).await, 9);
    assert_eq!(default_key_entry("abc".to_owned(), (1, 2)).get().await, Some(9));
    assert_eq!(attributes(&app, 5).await, 5);
    assert_eq!(connection(&mut Vec::new(), 5).await, 5);
    assert_eq!(by_index((1, 'a')).await, "1a");
    assert_eq!(consumed(vec!["ab".to_owned()]).await, 2);
}
