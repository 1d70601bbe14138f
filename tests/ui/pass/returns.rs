//! Every kind of return type, by its own name and by an alias.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;
use std::sync::Arc;

type AppResult<T> = Result<T, AppError>;
type Total = Result<u64, AppError>;
type MaybeUser = Option<User>;
type Found = Result<Option<User>, AppError>;
type Users = Vec<User>;
type Res<T> = Result<T, AppError>;
type Fallible<T, E = AppError> = Result<Option<T>, E>;

/// Not an alias of a result.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SearchResult<T> {
    found: T,
}

/// Any.
#[derive(Debug, PartialEq)]
pub struct AppError;

/// One.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct User {
    id: u64,
}

impl User {
    fn name(&self) -> String {
        format!("user:{}", self.id)
    }
}

mod errors {
    #![allow(unreachable_pub)]
    pub type Result<T> = std::result::Result<T, super::AppError>;
}

#[cached(ttl = 300)]
async fn value(id: u64) -> User {
    User { id }
}

#[cached(key = "returns:tagged:<id>", ttl = 300, tags = ["team:<return.id>", "<return.name()>", "all"], skip(value))]
async fn tagged(id: u64, value: &str) -> Result<Option<Arc<User>>, AppError> {
    let tags = value.len() as u64;
    Ok(Some(Arc::new(User { id: id + tags })))
}

#[cached(key = "returns:itself:<id>", ttl = 300, tags = ["number:<return>"])]
async fn itself(id: u64) -> AppResult<u64> {
    Ok(id)
}

#[cached(ttl = 300)]
async fn aliased_oddly(id: u64) -> Res<u64> {
    Ok(id)
}

#[cached(ttl = 300)]
async fn aliased_with_a_default(id: u64) -> Fallible<User> {
    Ok(Some(User { id }))
}

#[cached(ttl = 300)]
async fn named_like_an_alias(id: u64) -> SearchResult<u64> {
    SearchResult { found: id }
}

#[cached(ttl = 300)]
async fn option(id: u64) -> Option<User> {
    Some(User { id })
}

#[cached(ttl = 300)]
async fn result(id: u64) -> Result<User, AppError> {
    Ok(User { id })
}

#[cached(ttl = 300)]
async fn result_of_option(id: u64) -> Result<Option<User>, AppError> {
    Ok(Some(User { id }))
}

#[cached(ttl = 300)]
async fn shared(id: u64) -> Arc<User> {
    Arc::new(User { id })
}

#[cached(ttl = 300)]
async fn shared_option(id: u64) -> Option<Arc<User>> {
    Some(Arc::new(User { id }))
}

#[cached(ttl = 300)]
async fn shared_text(id: u64) -> Result<Arc<str>, AppError> {
    Ok(format!("user {id}").into())
}

#[cached(ttl = 300)]
async fn shared_list(id: u64) -> Result<Option<Arc<[u64]>>, AppError> {
    Ok(Some(Arc::new([id])))
}

#[cached(ttl = 300)]
async fn aliased(id: u64) -> AppResult<User> {
    Ok(User { id })
}

#[cached(ttl = 300)]
async fn aliased_by_path(id: u64) -> errors::Result<Option<User>> {
    Ok(Some(User { id }))
}

#[cached(ttl = 300)]
async fn bare(id: u64) -> Total {
    if id == 0 { Err(AppError) } else { Ok(id) }
}

#[cached(ttl = 300)]
async fn bare_option(id: u64) -> MaybeUser {
    Some(User { id })
}

#[cached(ttl = 300)]
async fn bare_found(id: u64) -> Found {
    Ok(Some(User { id }))
}

#[cached(ttl = 300)]
async fn bare_value(id: u64) -> Users {
    vec![User { id }]
}

#[cached(ttl = 300)]
async fn boxed_error(text: &str) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    Ok(text.parse()?)
}

#[cached(ttl = 300)]
async fn unit() -> Result<(), AppError> {
    Ok(())
}

#[cached(ttl = 300)]
async fn tuple(id: u64) -> (u64, String, [u8; 2]) {
    (id, String::new(), [1, 2])
}

#[cached(ttl = 300)]
async fn static_text(id: u64) -> Result<std::borrow::Cow<'static, str>, AppError> {
    Ok(format!("{id}").into())
}

#[cached(ttl = 300, tiers = l1)]
async fn in_memory_only(id: u64) -> Arc<std::sync::Mutex<u64>> {
    Arc::new(std::sync::Mutex::new(id))
}

#[cached(ttl = 300)]
async fn diverges(id: u64) -> Result<User, AppError> {
    if id == 0 {
        return Err(AppError);
    }
    panic!("no user {id}")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let user = || User { id: 1 };
    assert_eq!(value(1).await, user());
    assert_eq!(value_entry(1).get().await, Some(user()));
    assert_eq!(option(1).await, Some(user()));
    assert_eq!(option_entry(1).get().await, Some(user()));
    assert_eq!(result(1).await, Ok(user()));
    assert_eq!(result_entry(1).get().await, Some(user()));
    assert_eq!(result_of_option(1).await, Ok(Some(user())));
    assert_eq!(result_of_option_entry(1).get().await, Some(user()));
    assert_eq!(shared(1).await, Arc::new(user()));
    assert_eq!(shared_entry(1).get().await, Some(Arc::new(user())));
    assert_eq!(shared_option(1).await.as_deref(), Some(&user()));
    assert_eq!(shared_text(1).await.as_deref(), Ok("user 1"));
    assert_eq!(shared_list(1).await, Ok(Some(Arc::from([1]))));
    assert_eq!(shared_list_entry(1).get().await, Some(Arc::from([1])));
    assert_eq!(aliased(1).await, Ok(user()));
    assert_eq!(aliased_entry(1).get().await, Some(user()));
    assert_eq!(aliased_by_path(1).await, Ok(Some(user())));
    assert_eq!(aliased_by_path_entry(1).get().await, Some(user()));
    assert_eq!(bare(1).await, Ok(1));
    assert_eq!(bare_entry(1).get().await, Some(1));
    assert_eq!(bare_option(1).await, Some(user()));
    assert_eq!(bare_option_entry(1).get().await, Some(user()));
    assert_eq!(bare_found(1).await, Ok(Some(user())));
    assert_eq!(bare_found_entry(1).get().await, Some(user()));
    assert_eq!(bare_value(1).await, [user()]);
    assert_eq!(bare_value_entry(1).get().await, Some(vec![user()]));
    assert!(boxed_error("1").await.is_ok_and(|number| number == 1));
    assert_eq!(unit().await, Ok(()));
    assert_eq!(tuple(1).await.0, 1);
    assert_eq!(static_text(1).await.as_deref(), Ok("1"));
    assert!(in_memory_only(1).await.lock().is_ok());
    assert_eq!(diverges(0).await, Err(AppError));
    assert_eq!(tagged(1, "").await, Ok(Some(Arc::new(user()))));
    assert_eq!(itself(1).await, Ok(1));
    assert_eq!(aliased_oddly(1).await, Ok(1));
    assert_eq!(aliased_oddly_entry(1).get().await, Some(1));
    assert_eq!(aliased_with_a_default(1).await, Ok(Some(user())));
    assert_eq!(aliased_with_a_default_entry(1).get().await, Some(user()));
    assert_eq!(named_like_an_alias(1).await, SearchResult { found: 1 });
    assert_eq!(named_like_an_alias_entry(1).get().await, Some(SearchResult { found: 1 }));
}
