//! The cached functions: everything the service reads often, each with its key, its lifetime and what invalidates it.
//!
//! They return `Arc`s, so that a hit in memory copies a pointer and not the value.

use crate::db::{Db, DbError};
use crate::events::{PermissionsChanged, ProfileChanged, SettingsChanged};
use crate::model::{Permission, Profile, Roster, Settings};
use cache_runtime::cached;
use std::sync::Arc;

/// Events by name: whoever emits them need not be known here. The guild they name is the one whose members go.
#[cached(key = "guild:<guild_id>:members", ttl = 300, invalidate_on = ["member_update", "guild_deleted"])]
pub(crate) async fn guild_members(db: &Db, guild_id: u64) -> Result<Option<Arc<Roster>>, DbError> {
    Ok(db.roster(guild_id).await?.map(Arc::new))
}

/// An event by its type: that it has a `guild_id` is checked by the compiler. `GuildDeleted` comes here by its cascade.
#[cached(key = "guild:<guild_id>:settings", ttl = "10m", invalidate_on = [SettingsChanged])]
pub(crate) async fn guild_settings(db: &Db, guild_id: u64) -> Result<Option<Arc<Settings>>, DbError> {
    Ok(db.settings(guild_id).await?.map(Arc::new))
}

/// The event has fewer fields than the key: it invalidates every permission of the guild, without looking for them.
#[cached(key = "permission:<guild_id>:<user_id>:<tool>", ttl = 60, invalidate_on = [PermissionsChanged])]
pub(crate) async fn permission(
    db: &Db,
    guild_id: u64,
    user_id: u64,
    tool: &str,
) -> Result<Option<Arc<Permission>>, DbError> {
    Ok(db.permission(guild_id, user_id, tool).await?.map(Arc::new))
}

/// Only what exists is cached: asking for users there never were fills no memory.
#[cached(key = "user:profile:<user_id>", ttl = "5m", invalidate_on = [ProfileChanged])]
pub(crate) async fn user_profile(db: &Db, user_id: u64) -> Result<Option<Arc<Profile>>, DbError> {
    Ok(db.profile(user_id).await?.map(Arc::new))
}
