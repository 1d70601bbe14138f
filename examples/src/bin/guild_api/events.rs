//! What writers say has changed. Which cached functions that concerns is written at the functions, in `cached.rs`.

use cache_runtime::CacheEvent;

/// Somebody joined, left or was renamed.
#[derive(CacheEvent)]
#[event(name = "member_update")]
pub(crate) struct MemberUpdate {
    pub(crate) guild_id: u64,
}

/// A guild's settings were changed.
#[derive(CacheEvent)]
#[event(name = "settings_changed")]
pub(crate) struct SettingsChanged {
    pub(crate) guild_id: u64,
}

/// Somebody may do more or less than before. It names the guild only: a role may concern any of its members, and all
/// permissions of the guild go at once, however many there are.
#[derive(CacheEvent)]
#[event(name = "permissions_changed")]
pub(crate) struct PermissionsChanged {
    pub(crate) guild_id: u64,
}

/// A user edited the own profile.
#[derive(CacheEvent)]
#[event(name = "profile_changed")]
pub(crate) struct ProfileChanged {
    pub(crate) user_id: u64,
}

/// A guild is gone, and with it everything that is cached of it.
#[derive(CacheEvent)]
#[event(name = "guild_deleted", cascades(SettingsChanged, PermissionsChanged))]
pub(crate) struct GuildDeleted {
    pub(crate) guild_id: u64,
}
