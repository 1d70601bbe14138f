//! Typed events: shared fields, renamed ones, every entry, cascades.
#![deny(warnings, missing_docs, clippy::pedantic)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, CacheEvent, CacheKey, cached};

/// Of a guild.
#[derive(CacheKey, Clone, Copy)]
pub struct GuildId(u64);

/// Somebody came or left.
#[derive(CacheEvent)]
#[event(name = "member_update", cascades(GuildStatsChanged, phases::PhaseChanged { id = self.phase_id }))]
pub struct MemberUpdate {
    guild_id: GuildId,
    phase_id: u64,
    #[event(rename = "user")]
    user_id: Option<u64>,
    #[event(skip)]
    reason: std::cell::Cell<u64>,
}

#[derive(CacheEvent)]
struct GuildStatsChanged {
    guild_id: GuildId,
}

/// Everything is different.
#[derive(CacheEvent)]
pub struct Reset;

mod phases {
    use cache_runtime::CacheEvent;

    #[derive(CacheEvent)]
    pub(super) struct PhaseChanged {
        pub(super) id: u64,
    }
}

#[cached(key = "events:members:<guild_id>", ttl = 300, invalidate_on = [MemberUpdate, Reset(*)])]
async fn members(guild_id: GuildId) -> u64 {
    guild_id.0
}

#[cached(key = "events:stats:<guild>", ttl = 300, invalidate_on = [GuildStatsChanged(guild_id = guild), Reset(*)])]
async fn stats(guild: GuildId) -> u64 {
    guild.0
}

#[cached(key = "events:phase:<id>", ttl = 300, invalidate_on = [phases::PhaseChanged(id), "phase_reset"])]
async fn phase(id: u64) -> u64 {
    id
}

#[cached(key = "events:user:<user.id>", ttl = 300, invalidate_on = [UserChanged, MemberUpdate(*)])]
async fn user(user: User) -> u64 {
    user.id
}

/// One.
#[derive(Clone, Copy)]
pub struct User {
    id: u64,
}

/// Of a user.
#[derive(CacheEvent)]
pub struct UserChanged {
    user_id: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), cache_runtime::Error> {
    let cache = Cache::builder().build().await?;
    cache.install();
    assert_eq!(members(GuildId(1)).await + stats(GuildId(1)).await + phase(1).await + user(User { id: 1 }).await, 4);
    let update = MemberUpdate { guild_id: GuildId(1), phase_id: 1, user_id: None, reason: std::cell::Cell::new(0) };
    update.reason.set(1);
    cache.emit(update).await?;
    assert_eq!(members_entry(GuildId(1)).get().await, None);
    assert_eq!(stats_entry(GuildId(1)).get().await, None);
    assert_eq!(phase_entry(1).get().await, None);
    assert_eq!(user_entry(User { id: 1 }).get().await, None);
    cache.emit(UserChanged { user_id: 1 }).await?;
    cache.emit(Reset).await?;
    Ok(())
}
