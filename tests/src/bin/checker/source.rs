//! The database: rows with a version, in a file that all nodes open. Nothing here knows of caching.

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::path::Path;
use std::time::Duration;

/// SQLite reads in parallel and writes one at a time.
const READERS: u32 = 4;

/// How long a slow load takes, in milliseconds.
const SLOW_MS: std::ops::RangeInclusive<u64> = 5..=105;

/// A node may be stopped while it writes, and the others wait for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where versions are loaded from and raised.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    readers: SqlitePool,
    writer: SqlitePool,
    slow_percent: u64,
}

impl Source {
    /// Makes the file, with so many rows of version 1.
    pub(crate) async fn create(path: &Path, keys: u32) -> Result<(), sqlx::Error> {
        let source = Self::connect(options(path).create_if_missing(true), 0).await?;
        let rows = "CREATE TABLE rows (key INTEGER PRIMARY KEY, version INTEGER NOT NULL);
            WITH RECURSIVE counted(key) AS (SELECT 0 UNION ALL SELECT key + 1 FROM counted WHERE key + 1 < ?)
            INSERT INTO rows SELECT key, 1 FROM counted";
        let (create, fill) = rows.split_once(';').expect("there are two statements");
        sqlx::query(create).execute(&source.writer).await?;
        sqlx::query(fill).bind(keys).execute(&source.writer).await?;
        source.readers.close().await;
        source.writer.close().await;
        Ok(())
    }

    /// Opens it; so many loads in a hundred will be slow.
    pub(crate) async fn open(path: &Path, slow_percent: u64) -> Result<Self, sqlx::Error> {
        Self::connect(options(path), slow_percent).await
    }

    async fn connect(options: SqliteConnectOptions, slow_percent: u64) -> Result<Self, sqlx::Error> {
        let writer = pool(options.clone(), 1).await?;
        Ok(Self { readers: pool(options, READERS).await?, writer, slow_percent })
    }

    /// Loads the version of a row. A slow load has read the row first: what it returns may be old by then.
    pub(crate) async fn load(&self, key: u32) -> Result<u32, sqlx::Error> {
        // All rows are asked for, though there is one: so the statement has ended when the answer is here.
        let query = sqlx::query_scalar("SELECT version FROM rows WHERE key = ?").bind(key);
        let version = query.fetch_all(&self.readers).await?.pop().ok_or(sqlx::Error::RowNotFound)?;
        if fastrand::u64(..100) < self.slow_percent {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(SLOW_MS))).await;
        }
        Ok(version)
    }

    /// Raises the version of a row; the new one is committed when this returns.
    pub(crate) async fn raise(&self, key: u32) -> Result<u32, sqlx::Error> {
        let mut transaction = self.writer.begin().await?;
        let update = "UPDATE rows SET version = version + 1 WHERE key = ? RETURNING version";
        let version = sqlx::query_scalar(update).bind(key).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(version)
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    // Nobody pulls the plug, and what is written must be seen by others, which it is without `fsync`.
    let options = SqliteConnectOptions::new().filename(path).synchronous(SqliteSynchronous::Off);
    options.journal_mode(SqliteJournalMode::Wal).busy_timeout(PATIENCE)
}

async fn pool(options: SqliteConnectOptions, connections: u32) -> Result<SqlitePool, sqlx::Error> {
    let pool = SqlitePoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
    pool.test_before_acquire(false).idle_timeout(None).max_lifetime(None).connect_with(options).await
}
