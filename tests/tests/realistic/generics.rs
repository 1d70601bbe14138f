//! Code that is written once for many types: generic services, trait implementations, trait objects.

use crate::world::{Db, DbError, DbResult};
use cache_runtime::{assert_hit, assert_miss, cached};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

trait Entity: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {
    type Id: Copy + Debug + Hash + Eq + Send + Sync + std::fmt::Display;

    const TABLE: &'static str;

    fn from_row(id: Self::Id, row: &str) -> Option<Self>;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct City {
    id: u32,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Country {
    code: char,
    name: String,
}

impl Entity for City {
    type Id = u32;

    const TABLE: &'static str = "cities";

    fn from_row(id: u32, row: &str) -> Option<Self> {
        Some(Self { id, name: row.to_owned() })
    }
}

impl Entity for Country {
    type Id = char;

    const TABLE: &'static str = "countries";

    fn from_row(code: char, row: &str) -> Option<Self> {
        Some(Self { code, name: row.to_owned() })
    }
}

#[cached(key = "entity:<E>:<id.to_string()>", ttl = 60)]
async fn load<E: Entity>(db: &Db, id: E::Id) -> DbResult<E> {
    let row = db.one(E::TABLE, id).await?;
    E::from_row(id, &row).ok_or(DbError::Malformed(row))
}

#[cached(key = "entity:count:<E>", ttl = 60)]
async fn count<E>(db: &Db) -> usize
where
    E: Entity,
{
    db.all(E::TABLE).await.len()
}

struct Repository<E> {
    db: Arc<Db>,
    _entity: PhantomData<fn() -> E>,
}

impl<E: Entity> Repository<E> {
    fn new(db: Arc<Db>) -> Self {
        Self { db, _entity: PhantomData }
    }

    #[cached(key = "repository:<id.to_string()>", ttl = 60, skip(self))]
    async fn get(&self, id: E::Id) -> DbResult<E> {
        load(&self.db, id).await
    }

    #[cached(key = "repository:all", ttl = 60, skip(self))]
    async fn all_rows(&self) -> Vec<String> {
        self.db.all(E::TABLE).await.into_iter().map(|(_, row)| row).collect()
    }

    #[cached(key = "repository:first:<limit>", ttl = 60, skip(self, I))]
    async fn first<I>(&self, ids: I, limit: usize) -> DbResult<Vec<E>>
    where
        I: IntoIterator<Item = E::Id> + Send,
        I::IntoIter: Send,
    {
        let mut first = Vec::new();
        for id in ids.into_iter().take(limit) {
            first.push(load(&self.db, id).await?);
        }
        Ok(first)
    }
}

trait Rates {
    async fn rate(&self, from: &str, to: &str) -> Option<f64>;

    fn base(&self) -> impl Future<Output = String> + Send;
}

struct Bank {
    db: Db,
    name: String,
}

impl Rates for Bank {
    #[cached(key = "bank:<self.name>:rate:<from>:<to>", ttl = 60, companions = false)]
    async fn rate(&self, from: &str, to: &str) -> Option<f64> {
        self.db.find("rates", format!("{from}/{to}")).await?.parse().ok()
    }

    #[cached(key = "bank:<self.name>:base", ttl = 60, companions = false)]
    async fn base(&self) -> String {
        self.db.find("rates", "base").await.unwrap_or_else(|| "EUR".to_owned())
    }
}

trait Notifier: Send + Sync {
    fn channel(&self, user: u64) -> String;
}

struct Mail;

impl Notifier for Mail {
    fn channel(&self, user: u64) -> String {
        format!("{user}@mail")
    }
}

#[cached(key = "channel:<user>", ttl = 60)]
async fn channel(notifier: &dyn Notifier, user: u64) -> String {
    notifier.channel(user)
}

#[cached(key = "channels:<users>", ttl = 60)]
async fn channels(notifiers: &[Box<dyn Notifier>], users: Vec<u64>) -> Vec<String> {
    users.iter().flat_map(|user| notifiers.iter().map(|notifier| notifier.channel(*user))).collect()
}

#[cached(key = "largest:<items>", ttl = 60, skip(T))]
async fn largest<T>(items: &[T]) -> Option<T>
where
    T: cache_runtime::KeyPart + Ord + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    items.iter().max().cloned()
}

#[cached(ttl = 60, skip(F, compute))]
async fn computed<F, Fut>(name: &str, compute: F) -> u64
where
    F: FnOnce(String) -> Fut + Send,
    Fut: Future<Output = u64> + Send,
{
    compute(name.to_owned()).await
}

#[cached(key = "chunk:<SIZE>:<at>", ttl = 60)]
async fn chunk<const SIZE: usize>(db: &Db, at: usize) -> Vec<String> {
    let rows: Vec<_> = db.all("cities").await.into_iter().map(|(_, row)| row).collect();
    rows.chunks(SIZE).nth(at).map(<[String]>::to_vec).unwrap_or_default()
}

fn db() -> Arc<Db> {
    Arc::new(Db::with([
        ("cities", "1", "Rome"),
        ("cities", "2", "Oslo"),
        ("countries", "I", "Italy"),
        ("rates", "EUR/USD", "1.1"),
    ]))
}

#[cache_runtime::test]
async fn each_type_has_entries_of_its_own() {
    let db = db();
    assert_eq!(load::<City>(&db, 1).await, Ok(City { id: 1, name: "Rome".into() }));
    assert_eq!(load::<Country>(&db, 'I').await, Ok(Country { code: 'I', name: "Italy".into() }));
    assert_eq!((count::<City>(&db).await, count::<Country>(&db).await), (2, 1));
    let (cities, countries) = (Repository::<City>::new(db.clone()), Repository::<Country>::new(db.clone()));
    assert_eq!(cities.get(2).await.expect("a city").name, "Oslo");
    assert_eq!(cities.all_rows().await, ["Rome", "Oslo"]);
    assert_eq!(countries.all_rows().await, ["Italy"], "not what the cities had");
    assert_eq!(cities.first([2, 1], 1).await.expect("a city").len(), 1);
    assert_eq!(chunk::<1>(&db, 1).await, ["Oslo"]);
    assert_eq!(chunk::<2>(&db, 1).await, [""; 0]);
}

#[cache_runtime::test]
async fn methods_of_traits_and_closures_are_cached_too() {
    let bank = Bank { db: Db::with([("rates", "EUR/USD", "1.1")]), name: "central".into() };
    assert_eq!(bank.rate("EUR", "USD").await, Some(1.1));
    assert_eq!(bank.base().await, "EUR");
    assert_hit!(bank.base());
    assert_eq!(channel(&Mail, 7).await, "7@mail");
    assert_eq!(channels(&[Box::new(Mail)], vec![1, 2]).await, ["1@mail", "2@mail"]);
    assert_eq!(largest(&["a".to_owned(), "c".to_owned()]).await.as_deref(), Some("c"));
    assert_eq!(computed("answer", async |_| 42).await, 42);
    assert_miss!(computed("question", async |_| 42));
}
