//! Handlers and what they call, with the extractors of axum.

use crate::world::Db;
use axum::Json;
use axum::extract::{Extension, FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use cache_runtime::{assert_hit, cached};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Clone)]
struct AppState {
    db: Arc<Db>,
    region: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Article {
    slug: String,
    body: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Paging {
    page: u32,
    #[serde(default)]
    size: Option<u32>,
}

#[derive(Debug, Clone)]
struct CurrentUser {
    id: u64,
}

#[derive(Debug, PartialEq)]
enum AppError {
    NotFound,
    Forbidden,
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Forbidden => StatusCode::FORBIDDEN.into_response(),
        }
    }
}

type AppResult<T> = Result<T, AppError>;

#[cached(key = "article:<slug>", ttl = 60)]
async fn article(State(app): State<AppState>, Path(slug): Path<String>) -> Result<String, AppError> {
    app.db.find("articles", slug).await.ok_or(AppError::NotFound)
}

#[cached(key = "article:<slug>:json", ttl = 60, tiers = l1)]
async fn article_json(
    State(AppState { db, .. }): State<AppState>,
    Path(slug): Path<String>,
) -> AppResult<Json<Article>> {
    let body = db.find("articles", &slug).await.ok_or(AppError::NotFound)?;
    Ok(Json(Article { slug, body }))
}

#[cached(key = "articles:<paging.page>:<paging.size>", ttl = 30)]
async fn articles(State(app): State<AppState>, Query(paging): Query<Paging>) -> Vec<String> {
    let size = paging.size.unwrap_or(10) as usize;
    app.db
        .all("articles")
        .await
        .into_iter()
        .map(|(slug, _)| slug)
        .skip(paging.page as usize * size)
        .take(size)
        .collect()
}

#[cached(key = "comment:<article>:<comment>", ttl = 30)]
async fn comment(State(app): State<AppState>, Path((article, comment)): Path<(String, u64)>) -> AppResult<String> {
    app.db.find("comments", format!("{article}/{comment}")).await.ok_or(AppError::NotFound)
}

#[cached(key = "region:<app.region>", ttl = 600)]
async fn region(State(app): State<AppState>) -> (u16, String) {
    (200, app.region.to_uppercase())
}

#[cached(key = "drafts:<user.id>", ttl = 15)]
async fn drafts(Extension(user): Extension<CurrentUser>, State(app): State<AppState>) -> AppResult<Vec<String>> {
    match app.db.find("drafts", user.id).await {
        Some(drafts) => Ok(drafts.split(',').map(String::from).collect()),
        None => Err(AppError::Forbidden),
    }
}

#[cached(key = "greeting:<language>", ttl = 600)]
async fn greeting(Language(language): Language) -> String {
    match language.as_str() {
        "de" => "Willkommen".to_owned(),
        _ => "Welcome".to_owned(),
    }
}

struct Language(String);

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let language = parts.headers.get("accept-language").and_then(|value| value.to_str().ok());
        Ok(Self(language.unwrap_or("en").to_owned()))
    }
}

#[cached(key = "status:<params>", ttl = 1)]
async fn status(Query(params): Query<HashMap<String, String>>) -> Result<(), AppError> {
    if params.contains_key("fail") { Err(AppError::Forbidden) } else { Ok(()) }
}

#[cached(key = "feed:<user.id>:<page>", ttl = 20)]
async fn feed(app: &AppState, user: &CurrentUser, page: u32) -> Arc<Vec<Article>> {
    let mut feed = Vec::new();
    for (slug, body) in app.db.all("articles").await {
        if body.contains(&format!("@{}", user.id)) || page == 0 {
            feed.push(Article { slug, body });
        }
    }
    Arc::new(feed)
}

#[cached(key = "health", ttl = 5, tiers = l1)]
async fn health(State(state): State<AppState>) -> &'static str {
    if state.db.all("articles").await.is_empty() { "empty" } else { "ok" }
}

#[cached(key = "rendered:<slug>", ttl = 60, tiers = l1)]
async fn rendered(Path(slug): Path<String>, State(app): State<AppState>) -> axum::response::Html<String> {
    let body = app.db.find("articles", slug).await;
    axum::response::Html(format!("<p>{}</p><!-- {} -->", body.unwrap_or_default(), app.region))
}

fn app() -> State<AppState> {
    let rows = [
        ("articles", "hello", "for @1"),
        ("articles", "bye", "none"),
        ("comments", "hello/1", "first"),
        ("drafts", "1", "a,b"),
    ];
    State(AppState { db: Arc::new(Db::with(rows)), region: "eu" })
}

#[tokio::test]
async fn handlers_serve_as_routes() {
    let router: axum::Router = axum::Router::new()
        .route("/articles/{slug}", axum::routing::get(article))
        .route("/articles/{slug}/json", axum::routing::get(article_json))
        .route("/articles/{article}/comments/{comment}", axum::routing::get(comment))
        .route("/greeting", axum::routing::get(greeting))
        .route("/health", axum::routing::get(health))
        .route("/rendered/{slug}", axum::routing::get(rendered))
        .with_state(app().0);
    drop(router);
}

#[cache_runtime::test]
async fn handlers_answer_from_the_cache() {
    let app = app();
    assert_eq!(article(app.clone(), Path("hello".into())).await.as_deref(), Ok("for @1"));
    assert_hit!(article(app.clone(), Path("hello".into()))).expect("what was kept");
    let Json(found) = article_json(app.clone(), Path("hello".into())).await.expect("an article");
    assert_eq!(found.body, "for @1");
    let Json(kept) = assert_hit!(article_json(app.clone(), Path("hello".into()))).expect("what was kept");
    assert_eq!(kept, found);
    assert_eq!(articles(app.clone(), Query(Paging { page: 1, size: Some(1) })).await, ["hello"]);
    assert_eq!(comment(app.clone(), Path(("hello".into(), 1))).await.as_deref(), Ok("first"));
    assert_eq!(region(app.clone()).await, (200, "EU".to_owned()));
    assert_eq!(drafts(Extension(CurrentUser { id: 2 }), app.clone()).await, Err(AppError::Forbidden));
    assert_eq!(feed(&app, &CurrentUser { id: 1 }, 1).await.len(), 1);
    assert_eq!(health(app.clone()).await, "ok");
    assert_eq!(rendered(Path("bye".into()), app).await.0, "<p>none</p><!-- eu -->");
}
