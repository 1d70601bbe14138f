//! The first example of the guide, as it stands there.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::cached;

/// Where members are.
pub struct Db;

impl Db {
    async fn members_of(&self, guild_id: u64) -> Result<Vec<Member>, DbError> {
        std::future::ready(Ok(vec![Member { id: guild_id }])).await
    }
}

/// Of a guild.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Member {
    id: u64,
}

/// Any.
#[derive(Debug)]
pub struct DbError;

#[cached(key = "guild:<guild_id>:members", ttl = 300, invalidate_on = ["member_update"])]
async fn guild_members(db: &Db, guild_id: u64) -> Result<Vec<Member>, DbError> {
    db.members_of(guild_id).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), DbError> {
    let db = Db;
    let members = guild_members(&db, 42).await?;
    assert_eq!(members, guild_members(&db, 42).await?);
    assert_eq!(members, guild_members_uncached(&db, 42).await?);
    assert_eq!(members, guild_members_refresh(&db, 42).await?);
    assert_eq!(guild_members_entry(42).get().await, Some(members));
    Ok(())
}
