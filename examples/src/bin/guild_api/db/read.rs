//! The queries that read, one for each resource.

use super::{Db, DbError};
use crate::model::{Member, Permission, Profile, Roster, Settings};

impl Db {
    pub(crate) async fn roster(&self, guild_id: u64) -> Result<Option<Roster>, DbError> {
        let query = "SELECT version, user_id, nickname FROM guilds LEFT JOIN members USING (guild_id) \
                     WHERE guild_id = ? ORDER BY user_id";
        let rows: Vec<(i64, Option<i64>, Option<String>)> =
            sqlx::query_as(query).bind(guild_id.cast_signed()).fetch_all(self.reader()).await?;
        let Some((version, ..)) = rows.first() else {
            return Ok(None);
        };
        let version = version.cast_unsigned();
        let member = |(_, user_id, nickname): (i64, Option<i64>, Option<String>)| {
            Some(Member { user_id: user_id?.cast_unsigned(), nickname: nickname? })
        };
        Ok(Some(Roster { guild_id, version, members: rows.into_iter().filter_map(member).collect() }))
    }

    pub(crate) async fn settings(&self, guild_id: u64) -> Result<Option<Settings>, DbError> {
        let query = "SELECT version, language, slow_mode_seconds FROM settings WHERE guild_id = ?";
        let row: Option<(i64, String, u32)> =
            sqlx::query_as(query).bind(guild_id.cast_signed()).fetch_optional(self.reader()).await?;
        Ok(row.map(|(version, language, slow_mode_seconds)| {
            let version = version.cast_unsigned();
            Settings { guild_id, version, language, slow_mode_seconds }
        }))
    }

    pub(crate) async fn permission(
        &self,
        guild_id: u64,
        user_id: u64,
        tool: &str,
    ) -> Result<Option<Permission>, DbError> {
        let query = "SELECT version, allowed FROM permissions WHERE guild_id = ? AND user_id = ? AND tool = ?";
        let query = sqlx::query_as(query).bind(guild_id.cast_signed()).bind(user_id.cast_signed()).bind(tool);
        let row: Option<(i64, bool)> = query.fetch_optional(self.reader()).await?;
        Ok(row.map(|(version, allowed)| Permission { version: version.cast_unsigned(), allowed }))
    }

    pub(crate) async fn profile(&self, user_id: u64) -> Result<Option<Profile>, DbError> {
        let query = "SELECT version, name, bio FROM users WHERE user_id = ?";
        let row: Option<(i64, String, String)> =
            sqlx::query_as(query).bind(user_id.cast_signed()).fetch_optional(self.reader()).await?;
        Ok(row.map(|(version, name, bio)| Profile { user_id, version: version.cast_unsigned(), name, bio }))
    }
}
