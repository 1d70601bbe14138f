//! A cached future is `Send` when its body is, can be spawned, and need not be `Send`.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;
use std::rc::Rc;
use std::sync::Arc;

/// Where users are.
pub trait Db: Send + Sync {
    /// Of a user.
    fn name(&self, id: u64) -> String;
}

struct InMemory;

impl Db for InMemory {
    fn name(&self, id: u64) -> String {
        format!("user {id}")
    }
}

#[cached(key = "futures:<id>", ttl = 300)]
async fn name(db: &dyn Db, id: u64) -> Result<String, String> {
    tokio::task::yield_now().await;
    Ok(db.name(id))
}

#[cached(key = "futures:arc:<id>", ttl = 300)]
async fn through_an_arc(db: Arc<dyn Db>, id: u64) -> String {
    tokio::task::yield_now().await;
    db.name(id)
}

#[cached(key = "futures:key-that-is-not-sync:<id>", ttl = 300)]
async fn with_a_cell(id: std::rc::Rc<u64>) -> u64 {
    *id
}

#[cached(key = "futures:local:<id>", ttl = 300)]
async fn local(id: u64) -> u64 {
    let local = Rc::new(id);
    tokio::task::yield_now().await;
    *local
}

#[cached(key = "futures:recursive:<depth>", ttl = 300)]
async fn recursive(depth: u64) -> u64 {
    if depth == 0 { 0 } else { Box::pin(recursive(depth - 1)).await + 1 }
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(is_send(name(&InMemory, 1)).await.as_deref(), Ok("user 1"));
    assert_eq!(is_send(name_refresh(&InMemory, 1)).await.as_deref(), Ok("user 1"));
    let spawned = tokio::spawn(through_an_arc(Arc::new(InMemory), 1));
    assert!(spawned.await.is_ok_and(|name| name == "user 1"));
    assert_eq!(local(1).await, 1);
    assert_eq!(with_a_cell(Rc::new(1)).await, 1);
    assert_eq!(recursive(2).await, 2);
}
