//! Handlers as axum has them: patterns for parameters.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;
use serde::{Deserialize, Serialize};

/// What a handler shares with others.
#[derive(Clone, Debug)]
pub struct State<T>(pub T);

/// What a handler takes from the address.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

/// What a handler answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Json<T>(pub T);

/// The application.
#[derive(Clone, Debug)]
pub struct App {
    greeting: &'static str,
}

/// A page of something.
#[derive(Debug)]
pub struct Paging {
    at: u32,
    size: u32,
}

/// Greets.
#[cached(key = "extractors:greet:<id>", ttl = 60)]
pub async fn greet(State(app): State<App>, Path(id): Path<u64>) -> Json<String> {
    Json(format!("{} {id}", app.greeting))
}

/// By two names of one pattern.
#[cached(ttl = 60, skip(app))]
pub async fn pair(State(app): State<App>, Path((left, right)): Path<(u32, String)>) -> Json<String> {
    Json(format!("{} {left} {right}", app.greeting))
}

/// By the fields of a struct.
#[cached(key = "extractors:page:<at>:<size>", ttl = 60)]
pub async fn page(Paging { at, size }: Paging) -> u32 {
    at * size
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let app = State(App { greeting: "hello" });
        assert_eq!(greet(app.clone(), Path(1)).await.0, "hello 1");
        assert_eq!(pair(app, Path((1, "x".to_owned()))).await.0, "hello 1 x");
        assert_eq!(page(Paging { at: 2, size: 10 }).await, 20);
        assert_eq!(greet_entry(Path(1)).key(), "extractors:greet:1");
    });
}
