//! The routes: reads answer through the cached functions, writes commit and then say what has changed.

use crate::cached::{guild_members, guild_settings, permission, user_profile};
use crate::db::{Db, DbError};
use crate::events::{GuildDeleted, MemberUpdate, PermissionsChanged, ProfileChanged, SettingsChanged};
use crate::model::{Changed, Written};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use cache_runtime::{Cache, Event, Tier, observe};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::sync::Arc;

/// The response header that tells who answered: `l1`, `l2`, `flight` (another request's load), `load`, or `off`.
pub(crate) const TIER: &str = "x-cache";

#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Arc<Db>,
    pub(crate) cache: Cache,
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/guilds/{guild_id}", axum::routing::delete(delete_guild))
        .route("/guilds/{guild_id}/members", get(read_members))
        .route("/guilds/{guild_id}/members/{user_id}", put(save_member))
        .route("/guilds/{guild_id}/settings", get(read_settings).put(save_settings))
        .route("/guilds/{guild_id}/permissions/{user_id}/{tool}", get(read_permission).put(save_permission))
        .route("/users/{user_id}", get(read_profile).put(save_profile))
        .with_state(app)
}

type Answer = Result<Response, Failure>;

async fn read_members(State(app): State<App>, Path(guild_id): Path<u64>) -> Answer {
    answer(guild_members(&app.db, guild_id)).await
}

async fn read_settings(State(app): State<App>, Path(guild_id): Path<u64>) -> Answer {
    answer(guild_settings(&app.db, guild_id)).await
}

async fn read_permission(State(app): State<App>, Path((guild_id, user_id, tool)): Path<(u64, u64, String)>) -> Answer {
    answer(permission(&app.db, guild_id, user_id, &tool)).await
}

async fn read_profile(State(app): State<App>, Path(user_id): Path<u64>) -> Answer {
    answer(user_profile(&app.db, user_id)).await
}

/// The value as JSON, with the tier it came from.
async fn answer<T: Serialize>(read: impl Future<Output = Result<Option<Arc<T>>, DbError>>) -> Answer {
    let (found, outcome) = observe(read).await;
    let tier = match outcome.map(|outcome| outcome.tier) {
        Some(Tier::L1) => "l1",
        Some(Tier::L2) => "l2",
        Some(Tier::Flight) => "flight",
        Some(Tier::Load) => "load",
        None => "off",
    };
    match found? {
        Some(value) => Ok(([(TIER, tier)], Json(value)).into_response()),
        None => Ok((StatusCode::NOT_FOUND, [(TIER, tier)]).into_response()),
    }
}

#[derive(Deserialize, Serialize)]
pub(crate) struct NewMember {
    pub(crate) nickname: String,
}

async fn save_member(
    State(app): State<App>,
    Path((guild_id, user_id)): Path<(u64, u64)>,
    Json(new): Json<NewMember>,
) -> Answer {
    let save = move |db: Arc<Db>| async move { db.save_member(guild_id, user_id, &new.nickname).await };
    write(app, MemberUpdate { guild_id }, save).await
}

#[derive(Deserialize, Serialize)]
pub(crate) struct NewSettings {
    pub(crate) language: String,
    pub(crate) slow_mode_seconds: u32,
}

async fn save_settings(State(app): State<App>, Path(guild_id): Path<u64>, Json(new): Json<NewSettings>) -> Answer {
    let save = move |db: Arc<Db>| async move { db.save_settings(guild_id, &new.language, new.slow_mode_seconds).await };
    write(app, SettingsChanged { guild_id }, save).await
}

#[derive(Deserialize, Serialize)]
pub(crate) struct NewPermission {
    pub(crate) allowed: bool,
}

async fn save_permission(
    State(app): State<App>,
    Path((guild_id, user_id, tool)): Path<(u64, u64, String)>,
    Json(new): Json<NewPermission>,
) -> Answer {
    let save = move |db: Arc<Db>| async move { db.save_permission(guild_id, user_id, &tool, new.allowed).await };
    write(app, PermissionsChanged { guild_id }, save).await
}

#[derive(Deserialize, Serialize)]
pub(crate) struct NewProfile {
    pub(crate) name: String,
    pub(crate) bio: String,
}

async fn save_profile(State(app): State<App>, Path(user_id): Path<u64>, Json(new): Json<NewProfile>) -> Answer {
    let save = move |db: Arc<Db>| async move { db.save_profile(user_id, &new.name, &new.bio).await };
    write(app, ProfileChanged { user_id }, save).await
}

async fn delete_guild(State(app): State<App>, Path(guild_id): Path<u64>) -> Answer {
    let delete = move |db: Arc<Db>| async move { db.delete_guild(guild_id).await };
    write(app, GuildDeleted { guild_id }, delete).await
}

/// Commits, then invalidates, then answers: 200, or 202 if the caches could not be told.
///
/// In a task of its own, which this waits for: axum drops the handler of a client that hangs up, and if that came
/// between the commit and the event, the old value would be served until its TTL.
async fn write<S>(
    app: App,
    event: impl Into<Event> + Send + 'static,
    save: impl FnOnce(Arc<Db>) -> S + Send + 'static,
) -> Answer
where
    S: Future<Output = Result<Vec<Changed>, DbError>> + Send,
{
    let to_the_end = async move {
        let changed = save(app.db).await?;
        if changed.is_empty() {
            return Ok(StatusCode::NOT_FOUND.into_response());
        }
        // What is committed is written, so a cache that cannot be told is no error of the request.
        let not_announced = app.cache.emit(event).await.err().map(|error| error.to_string());
        let status = if not_announced.is_none() { StatusCode::OK } else { StatusCode::ACCEPTED };
        Ok((status, Json(Written { changed, not_announced })).into_response())
    };
    tokio::spawn(to_the_end).await.map_err(|_| Failure::Panicked)?
}

enum Failure {
    Database(DbError),
    Panicked,
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Database(error) => eprintln!("guild_api: {error}"),
            Self::Panicked => eprintln!("guild_api: a write panicked"),
        }
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
