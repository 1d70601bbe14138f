//! Invalidations that follow a transaction of SQLite: after its commit, or from an outbox, if not even a crash in between
//! may cost one.
//!
//! `cargo run -p cache-examples --bin outbox`

use anyhow::Result;
use cache_runtime::outbox::{Kept, Outbox};
use cache_runtime::{Cache, CacheEvent, cached, invalidates};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};

#[derive(CacheEvent)]
struct MemberUpdate {
    guild_id: u64,
}

#[cached(key = "outbox:guild:<guild_id>:members", ttl = 300, invalidate_on = [MemberUpdate])]
async fn members(db: &SqlitePool, guild_id: u64) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query_as("SELECT name FROM members WHERE guild_id = ? ORDER BY name").bind(guild_id.cast_signed());
    Ok(rows.fetch_all(db).await?.into_iter().map(|(name,)| name).collect())
}

/// Part of whatever transaction it is given.
#[invalidates(MemberUpdate { guild_id })]
async fn add(sql: &mut sqlx::SqliteConnection, guild_id: u64, name: &str) -> Result<(), sqlx::Error> {
    let insert = sqlx::query("INSERT INTO members (guild_id, name) VALUES (?, ?)").bind(guild_id.cast_signed());
    insert.bind(name).execute(sql).await.map(drop)
}

/// After the commit, what `add` says in between is emitted, once, in one round trip. A name that is there already makes the
/// database roll back; then nothing is.
async fn add_all(cache: &Cache, db: &SqlitePool, guild_id: u64, names: &[&str]) -> Result<()> {
    let work = async |_| {
        let mut sql = db.begin().await?;
        for name in names {
            add(&mut sql, guild_id, name).await?;
        }
        Ok(sql.commit().await?)
    };
    cache.transaction(work).await
}

/// The same for those whose events must survive this process: each is a row of the same transaction, as a text, and
/// whoever relays the outbox emits it.
async fn add_by_outbox(db: &SqlitePool, guild_id: u64, name: &str) -> Result<()> {
    let mut sql = db.begin().await?;
    let insert = sqlx::query("INSERT INTO members (guild_id, name) VALUES (?, ?)").bind(guild_id.cast_signed());
    insert.bind(name).execute(&mut *sql).await?;
    let event = MemberUpdate { guild_id }.to_event().to_string();
    sqlx::query("INSERT INTO outbox (event) VALUES (?)").bind(event).execute(&mut *sql).await?;
    Ok(sql.commit().await?)
}

/// The table as an outbox, which `cache.relay` empties: the oldest first, each at least once, and a row goes when its
/// invalidation holds. Any number of nodes may do this; one of them runs `cache.keep_relaying`.
struct Table(SqlitePool);

impl Outbox for Table {
    fn waiting(&self, limit: usize) -> Kept<'_, Vec<(u64, String)>> {
        Box::pin(async move {
            let rows = sqlx::query_as("SELECT id, event FROM outbox ORDER BY id LIMIT ?").bind(limit.min(1_000) as i64);
            let rows: Vec<(i64, String)> = rows.fetch_all(&self.0).await?;
            Ok(rows.into_iter().map(|(id, event)| (id.cast_unsigned(), event)).collect())
        })
    }

    fn done<'a>(&'a self, events: &'a [u64]) -> Kept<'a, ()> {
        Box::pin(async move {
            for id in events {
                sqlx::query("DELETE FROM outbox WHERE id = ?").bind(id.cast_signed()).execute(&self.0).await?;
            }
            Ok(())
        })
    }

    /// What this program does not know it cannot invalidate.
    fn refuse<'a>(&'a self, event: u64, problem: &'a str) -> Kept<'a, ()> {
        eprintln!("outbox: {problem}");
        Box::pin(async move { self.done(&[event]).await })
    }
}

async fn database() -> Result<SqlitePool> {
    // Connections to `:memory:` have a database each, so there is one.
    let db = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    let tables = "CREATE TABLE members (guild_id INTEGER, name TEXT, UNIQUE (guild_id, name));
                  CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);";
    sqlx::raw_sql(tables).execute(&db).await?;
    Ok(db)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let (cache, db) = (Cache::builder().build().await?, database().await?);
    cache.install();
    println!("{:?}", members(&db, 42).await?);
    add_all(&cache, &db, 42, &["ada", "grace"]).await?;
    println!("{:?}", members(&db, 42).await?);
    let refused = add_all(&cache, &db, 42, &["alan", "ada"]).await;
    println!("{:?}, since {}", members(&db, 42).await?, refused.expect_err("ada is there already"));
    add_by_outbox(&db, 42, "alan").await?;
    println!("{:?}, until it is relayed", members(&db, 42).await?);
    cache.relay(&Table(db.clone())).await?;
    println!("{:?}", members(&db, 42).await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn cache_and_database() -> Result<(Cache, SqlitePool)> {
        Ok((Cache::builder().build().await?, database().await?))
    }

    #[tokio::test]
    async fn a_commit_invalidates_and_a_rollback_does_not() -> Result<()> {
        let (cache, db) = cache_and_database().await?;
        let test = async {
            assert_eq!(members(&db, 1).await?, Vec::<String>::new());
            add_all(&cache, &db, 1, &["ada", "grace"]).await?;
            assert_eq!(cache.stats().invalidations, 1, "two of one kind are one");
            assert_eq!(members(&db, 1).await?, ["ada", "grace"]);
            let loads = cache.stats().loads;
            add_all(&cache, &db, 1, &["alan", "ada"]).await.expect_err("ada is there already");
            assert_eq!(members(&db, 1).await?, ["ada", "grace"]);
            assert_eq!(cache.stats().loads, loads, "nothing was invalidated");
            Ok(())
        };
        cache.clone().scope(test).await
    }

    #[tokio::test]
    async fn what_is_in_the_outbox_is_emitted_at_least_once() -> Result<()> {
        let (cache, db) = cache_and_database().await?;
        let test = async {
            assert_eq!(members(&db, 1).await?.len(), 0);
            add_by_outbox(&db, 1, "ada").await?;
            // The process that wrote it has died, and another relays it.
            sqlx::query("INSERT INTO outbox (event) VALUES ('nobody_knows?id=1'), ('?')").execute(&db).await?;
            assert_eq!(cache.relay(&Table(db.clone())).await?.emitted, 1);
            assert_eq!(members(&db, 1).await?, ["ada"]);
            assert_eq!(cache.relay(&Table(db.clone())).await?.emitted, 0);
            Ok(())
        };
        cache.clone().scope(test).await
    }
}
