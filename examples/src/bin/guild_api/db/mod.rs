//! The database: one query a read, one transaction a write. Nothing here knows of caching.
//!
//! Ids are unsigned and SQLite's integers are not; they are stored with the same bits.

mod read;
mod write;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

pub(crate) use sqlx::Error as DbError;

/// SQLite reads in parallel and writes one at a time.
const READERS: u32 = 4;

#[derive(Debug)]
pub(crate) struct Db {
    readers: SqlitePool,
    writer: SqlitePool,
    reads: AtomicU64,
    /// Removed with the database, if that is a temporary one.
    _directory: Option<TempDir>,
}

impl Db {
    /// The database of a URL such as `sqlite:guilds.db`; the file is made if it is missing.
    pub(crate) async fn open(url: &str) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::from_str(url)?.create_if_missing(true);
        if url.contains(":memory:") || url.contains("mode=memory") {
            let only = pool(options, 1).await?;
            return Self::of(only.clone(), only, None).await;
        }
        Self::over(options.synchronous(SqliteSynchronous::Normal), None).await
    }

    /// A database that ends with the process: a file, since connections that share memory lock each other out.
    pub(crate) async fn temporary() -> Result<Self, DbError> {
        let directory = tempfile::tempdir()?;
        let options = SqliteConnectOptions::new().filename(directory.path().join("guilds.db")).create_if_missing(true);
        Self::over(options.synchronous(SqliteSynchronous::Off), Some(directory)).await
    }

    async fn over(options: SqliteConnectOptions, directory: Option<TempDir>) -> Result<Self, DbError> {
        let options = options.journal_mode(SqliteJournalMode::Wal);
        let writer = pool(options.clone(), 1).await?;
        Self::of(pool(options, READERS).await?, writer, directory).await
    }

    async fn of(readers: SqlitePool, writer: SqlitePool, directory: Option<TempDir>) -> Result<Self, DbError> {
        sqlx::raw_sql(include_str!("schema.sql")).execute(&writer).await?;
        Ok(Self { readers, writer, reads: AtomicU64::new(0), _directory: directory })
    }

    /// How many queries were made to read.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Begins a write. No other begins before it ends.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, DbError> {
        self.writer.begin().await
    }

    fn reader(&self) -> &SqlitePool {
        self.reads.fetch_add(1, Ordering::Relaxed);
        &self.readers
    }
}

async fn pool(options: SqliteConnectOptions, connections: u32) -> Result<SqlitePool, DbError> {
    // A connection to a file of one's own needs no test, and one to memory is the database: it must not time out.
    let pool = SqlitePoolOptions::new().max_connections(connections).min_connections(1);
    pool.test_before_acquire(false).idle_timeout(None).max_lifetime(None).connect_with(options).await
}
