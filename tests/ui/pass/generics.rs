//! Type and const parameters, lifetimes, `where` clauses, `impl Trait`.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::{CacheKey, cached};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::{Debug, Display};

/// Anything that is loaded by number.
pub trait Model: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// One.
    fn load(id: u64) -> Self;
}

impl Model for u64 {
    fn load(id: u64) -> Self {
        id
    }
}

impl Model for String {
    fn load(id: u64) -> Self {
        id.to_string()
    }
}

#[cached(key = "model:<T>:<id>", ttl = 300)]
async fn find<T: Model>(id: u64) -> Option<T> {
    Some(T::load(id))
}

#[cached(ttl = 300)]
async fn find_by_default_key<T>(id: u64) -> Result<T, String>
where
    T: Model,
{
    Ok(T::load(id))
}

/// Where models are.
pub trait Db: Sync {
    /// Its size.
    fn size(&self) -> u64;
}

impl Db for [u8] {
    fn size(&self) -> u64 {
        7
    }
}

#[cached(key = "size:<id>", ttl = 300, skip(D))]
async fn size<D: Db + ?Sized>(db: &D, id: u64) -> u64 {
    db.size() + id
}

#[cached(key = "page:<SIZE>:<page>", ttl = 300)]
async fn page<const SIZE: usize>(page: usize) -> Vec<usize> {
    (page * SIZE..(page + 1) * SIZE).collect()
}

#[cached(key = "names:<first>:<second>", ttl = 300)]
async fn names<'a, 'b>(first: &'a str, second: &'b str) -> String
where
    'b: 'a,
{
    format!("{first} {second}")
}

#[cached(key = "shown:<name>", ttl = 300, skip(shown))]
async fn shown(name: &str, shown: impl Display + Send) -> String {
    format!("{name} {shown}")
}

#[cached(key = "kept:<key>", ttl = 300, skip(K))]
async fn kept<K: cache_runtime::KeyPart + Display + Sync>(key: &K) -> String {
    key.to_string()
}

/// A repository for a type of database.
pub struct Repo<D: ?Sized, const N: usize> {
    tenant: String,
    db: Box<D>,
}

impl<D: Db + Send + ?Sized, const N: usize> Repo<D, N> {
    /// How many there are.
    #[cached(key = "repo:<self.tenant>:<T>", ttl = 300)]
    pub async fn count<T: Model>(&self) -> u64 {
        let _ = T::load(1);
        self.db.size() + N as u64
    }
}

/// A list of a type.
#[derive(CacheKey)]
pub struct Of<T>(T);

#[cached(ttl = 300)]
async fn of(list: &Of<Vec<u8>>) -> usize {
    list.0.len()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(find::<u64>(1).await, Some(1));
    assert_eq!(find::<String>(1).await, Some("1".to_owned()));
    assert_eq!(find_entry::<String>(1).get().await, Some("1".to_owned()));
    assert_eq!(find_by_default_key::<u64>(1).await, Ok(1));
    assert_eq!(find_by_default_key_uncached::<String>(1).await, Ok("1".to_owned()));
    assert_eq!(size(&[1_u8][..], 3).await, 10);
    assert_eq!(size_entry::<[u8]>(3).get().await, Some(10));
    assert_eq!(page::<2>(1).await, [2, 3]);
    assert_eq!(page_entry::<2>(1).get().await, Some(vec![2, 3]));
    assert_eq!(names("a", "b").await, "a b");
    assert_eq!(names_refresh("a", "b").await, "a b");
    assert_eq!(names_entry("a", "b").get().await.as_deref(), Some("a b"));
    assert_eq!(shown("a", 1).await, "a 1");
    assert_eq!(kept(&1).await, "1");
    let repo: Repo<[u8], 3> = Repo { tenant: "acme".to_owned(), db: Box::new([1, 2]) };
    assert_eq!(repo.count::<u64>().await, 10);
    assert_eq!(of(&Of(vec![1, 2])).await, 2);
}
