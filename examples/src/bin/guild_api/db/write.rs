//! The transactions that write. Each raises the versions of the rows it changes and tells the new ones; nothing changed
//! means that there is no such row.

use super::{Db, DbError};
use crate::model::{Changed, Resource};
use sqlx::{Sqlite, Transaction};

impl Db {
    /// Adds or renames a member.
    pub(crate) async fn save_member(
        &self,
        guild_id: u64,
        user_id: u64,
        nickname: &str,
    ) -> Result<Vec<Changed>, DbError> {
        let mut transaction = self.begin().await?;
        let changed = raise_roster(&mut transaction, guild_id).await?;
        if !changed.is_empty() {
            let upsert = "INSERT OR REPLACE INTO members (guild_id, user_id, nickname) VALUES (?, ?, ?)";
            let upsert = sqlx::query(upsert).bind(guild_id.cast_signed()).bind(user_id.cast_signed()).bind(nickname);
            upsert.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(changed)
    }

    pub(crate) async fn save_settings(
        &self,
        guild_id: u64,
        language: &str,
        slow_mode_seconds: u32,
    ) -> Result<Vec<Changed>, DbError> {
        let mut transaction = self.begin().await?;
        let changed = write_settings(&mut transaction, guild_id, language, slow_mode_seconds).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    pub(crate) async fn save_permission(
        &self,
        guild_id: u64,
        user_id: u64,
        tool: &str,
        allowed: bool,
    ) -> Result<Vec<Changed>, DbError> {
        let update = "UPDATE permissions SET allowed = ?, version = version + 1 \
                      WHERE guild_id = ? AND user_id = ? AND tool = ? RETURNING version";
        let update = sqlx::query_as(update).bind(allowed).bind(guild_id.cast_signed()).bind(user_id.cast_signed());
        let mut transaction = self.begin().await?;
        let row: Option<(i64,)> = update.bind(tool).fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(changed(Resource::Permission { guild_id, user_id, tool: tool.to_owned() }, row))
    }

    pub(crate) async fn save_profile(&self, user_id: u64, name: &str, bio: &str) -> Result<Vec<Changed>, DbError> {
        let update = "UPDATE users SET name = ?, bio = ?, version = version + 1 WHERE user_id = ? RETURNING version";
        let update = sqlx::query_as(update).bind(name).bind(bio).bind(user_id.cast_signed());
        let mut transaction = self.begin().await?;
        let row: Option<(i64,)> = update.fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(changed(Resource::Profile { user_id }, row))
    }

    /// Empties a guild. Its rows stay, for their versions must go on counting if it is founded anew.
    pub(crate) async fn delete_guild(&self, guild_id: u64) -> Result<Vec<Changed>, DbError> {
        let mut transaction = self.begin().await?;
        let mut changed = raise_roster(&mut transaction, guild_id).await?;
        let members = sqlx::query("DELETE FROM members WHERE guild_id = ?").bind(guild_id.cast_signed());
        members.execute(&mut *transaction).await?;
        changed.extend(write_settings(&mut transaction, guild_id, "en", 0).await?);
        changed.extend(revoke_permissions(&mut transaction, guild_id).await?);
        transaction.commit().await?;
        Ok(changed)
    }
}

async fn raise_roster(transaction: &mut Transaction<'_, Sqlite>, guild_id: u64) -> Result<Vec<Changed>, DbError> {
    let update = sqlx::query_as("UPDATE guilds SET version = version + 1 WHERE guild_id = ? RETURNING version");
    let row: Option<(i64,)> = update.bind(guild_id.cast_signed()).fetch_optional(&mut **transaction).await?;
    Ok(changed(Resource::Members { guild_id }, row))
}

async fn write_settings(
    transaction: &mut Transaction<'_, Sqlite>,
    guild_id: u64,
    language: &str,
    slow_mode_seconds: u32,
) -> Result<Vec<Changed>, DbError> {
    let update = "UPDATE settings SET language = ?, slow_mode_seconds = ?, version = version + 1 \
                  WHERE guild_id = ? RETURNING version";
    let update = sqlx::query_as(update).bind(language).bind(slow_mode_seconds).bind(guild_id.cast_signed());
    let row: Option<(i64,)> = update.fetch_optional(&mut **transaction).await?;
    Ok(changed(Resource::Settings { guild_id }, row))
}

async fn revoke_permissions(transaction: &mut Transaction<'_, Sqlite>, guild_id: u64) -> Result<Vec<Changed>, DbError> {
    let update = "UPDATE permissions SET allowed = 0, version = version + 1 WHERE guild_id = ? \
                  RETURNING user_id, tool, version";
    let update = sqlx::query_as(update).bind(guild_id.cast_signed());
    let rows: Vec<(i64, String, i64)> = update.fetch_all(&mut **transaction).await?;
    let changed = |(user_id, tool, version): (i64, String, i64)| {
        let resource = Resource::Permission { guild_id, user_id: user_id.cast_unsigned(), tool };
        Changed::new(&resource, version.cast_unsigned())
    };
    Ok(rows.into_iter().map(changed).collect())
}

fn changed(resource: Resource, row: Option<(i64,)>) -> Vec<Changed> {
    row.map(|(version,)| Changed::new(&resource, version.cast_unsigned())).into_iter().collect()
}
