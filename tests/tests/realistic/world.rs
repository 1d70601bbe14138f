//! What stands around the functions in a real service: a database, somebody else's servers, errors.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Rows of text by table and key, and how often they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Db {
    rows: Mutex<BTreeMap<(String, String), String>>,
    queries: AtomicUsize,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DbError {
    NotFound,
    Malformed(String),
}

pub(crate) type DbResult<T> = Result<T, DbError>;

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such row"),
            Self::Malformed(row) => write!(f, "`{row}` cannot be read"),
        }
    }
}

impl std::error::Error for DbError {}

impl Db {
    pub(crate) fn with<const N: usize>(rows: [(&str, &str, &str); N]) -> Self {
        let db = Self::default();
        for (table, key, row) in rows {
            db.put(table, key, row);
        }
        db
    }

    pub(crate) fn put(&self, table: &str, key: impl fmt::Display, row: &str) {
        self.rows().insert((table.to_owned(), key.to_string()), row.to_owned());
    }

    pub(crate) async fn find(&self, table: &str, key: impl fmt::Display) -> Option<String> {
        self.queries.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.rows().get(&(table.to_owned(), key.to_string())).cloned()
    }

    pub(crate) async fn one(&self, table: &str, key: impl fmt::Display) -> DbResult<String> {
        self.find(table, key).await.ok_or(DbError::NotFound)
    }

    pub(crate) async fn all(&self, table: &str) -> Vec<(String, String)> {
        self.queries.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let rows = self.rows();
        let of_table = rows.iter().filter(|((name, _), _)| name == table);
        of_table.map(|((_, key), row)| (key.clone(), row.clone())).collect()
    }

    pub(crate) fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }

    fn rows(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, String), String>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever answers requests: the network in production, a table in tests.
pub(crate) trait Http: Send + Sync {
    fn get(&self, url: &str) -> impl Future<Output = Result<String, HttpError>> + Send;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HttpError {
    Status(u16),
    Timeout,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the server answered {status}"),
            Self::Timeout => f.write_str("the server did not answer"),
        }
    }
}

impl std::error::Error for HttpError {}

impl Http for Db {
    async fn get(&self, url: &str) -> Result<String, HttpError> {
        self.find("http", url).await.ok_or(HttpError::Status(404))
    }
}
