//! Who somebody is: look-ups, sessions, profiles.

use crate::world::{Db, DbError, DbResult};
use cache_runtime::{assert_hit, cached};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Session {
    user_id: u64,
    is_admin: bool,
}

const PROFILE_TTL: Duration = Duration::from_secs(600);

#[cached(key = "user:<id>", ttl = 300, invalidate_on = ["user_changed"])]
pub(crate) async fn find_user(db: &Db, id: u64) -> DbResult<User> {
    let row = db.one("users", id).await?;
    let (name, email) = row.split_once(',').ok_or_else(|| DbError::Malformed(row.clone()))?;
    Ok(User { id, name: name.to_owned(), email: Some(email.to_owned()).filter(|email| !email.is_empty()) })
}

#[cached(key = "user:by-email:<email>", ttl = "5m", none_ttl = 10)]
pub(crate) async fn find_user_by_email(db: &Db, email: &str) -> Result<Option<User>, DbError> {
    for (id, row) in db.all("users").await {
        if row.ends_with(email) {
            let id = id.parse().map_err(|_| DbError::Malformed(id))?;
            return find_user(db, id).await.map(Some);
        }
    }
    Ok(None)
}

#[cached(ttl = 60, skip(db))]
pub(crate) async fn display_name(db: Arc<Db>, id: u64) -> anyhow::Result<String> {
    let user = find_user(&db, id).await?;
    if user.name.is_empty() {
        anyhow::bail!("user {id} has no name");
    }
    Ok(user.name)
}

#[cached(key = "session:<token>", ttl = "30m")]
async fn session(db: &Db, token: Uuid) -> Option<Session> {
    let row = db.find("sessions", token).await?;
    let (user_id, role) = row.split_once(':')?;
    Some(Session { user_id: user_id.parse().ok()?, is_admin: role == "admin" })
}

/// The public part of a profile.
#[cached(key = "profile:<user.id>", ttl = PROFILE_TTL)]
async fn profile(user: &User) -> HashMap<String, String> {
    let mut profile = HashMap::new();
    profile.insert("name".to_string(), user.name.clone());
    if let Some(email) = &user.email {
        profile.insert("email".to_string(), email.clone());
    }
    profile
}

#[cached(key = "avatar:<id>:<size>", ttl = 86400)]
#[must_use]
async fn avatar(db: &Db, id: u64, size: u16) -> Vec<u8> {
    let name = display_name_or(db, id, None).await;
    name.bytes().cycle().take(size.into()).collect()
}

#[cached(key = "user:<id>:display:<fallback>", ttl = 60)]
async fn display_name_or(db: &Db, id: u64, fallback: Option<&str>) -> String {
    match find_user(db, id).await {
        Ok(user) => user.name,
        Err(_) => fallback.unwrap_or("anonymous").to_owned(),
    }
}

#[cached(key = "users:count", ttl = 30)]
async fn count_users(db: &Db) -> usize {
    db.all("users").await.len()
}

#[cached(key = "users:page:<page>:<per_page>", ttl = 30)]
async fn list_users(db: &Db, page: usize, per_page: usize) -> DbResult<Vec<User>> {
    let mut users = Vec::with_capacity(per_page);
    for (id, _) in db.all("users").await.into_iter().skip(page * per_page).take(per_page) {
        let id = id.parse::<u64>().map_err(|_| DbError::Malformed(id))?;
        users.push(find_user(db, id).await?);
    }
    Ok(users)
}

#[cached(key = "login:attempts:<ip>", ttl = 900)]
async fn is_blocked(db: &Db, ip: std::net::IpAddr) -> bool {
    db.find("blocked", ip).await.is_some()
}

#[cached(key = "team:<team>:members", ttl = 120)]
async fn members(db: &Db, team: &TeamId) -> Arc<[u64]> {
    let row = db.find("teams", &team.0).await.unwrap_or_default();
    row.split(',').filter_map(|id| id.parse().ok()).collect()
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, cache_runtime::CacheKey)]
struct TeamId(String);

fn db() -> Db {
    Db::with([
        ("users", "1", "Ada,ada@example.org"),
        ("users", "2", "Bob,"),
        ("sessions", "67e55044-10b1-426f-9247-bb680e5fe0c8", "1:admin"),
        ("teams", "core", "1,2"),
    ])
}

#[cache_runtime::test]
async fn a_user_is_looked_up_once() {
    let db = Arc::new(db());
    let ada = find_user(&db, 1).await.expect("a user");
    assert_eq!(find_user_by_email(&db, "ada@example.org").await, Ok(Some(ada.clone())));
    assert_eq!(db.queries(), 2, "the row came from the cache");
    assert_eq!(find_user_by_email(&db, "eve@example.org").await, Ok(None));
    assert_eq!(find_user(&db, 3).await, Err(DbError::NotFound));
    assert_hit!(find_user(&db, 1)).expect("what was kept");
    assert_eq!(display_name(db.clone(), 1).await.expect("a name"), "Ada");
    assert!(display_name(db.clone(), 9).await.is_err());
    assert_eq!(profile(&ada).await["email"], "ada@example.org");
}

#[cache_runtime::test]
async fn sessions_pages_and_teams_are_kept() {
    let db = db();
    let token = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse().expect("an id");
    assert_eq!(session(&db, token).await, Some(Session { user_id: 1, is_admin: true }));
    assert_eq!(session(&db, Uuid::nil()).await, None);
    assert_eq!(avatar(&db, 1, 4).await, b"AdaA");
    assert_eq!(display_name_or(&db, 7, Some("nobody")).await, "nobody");
    assert_eq!(display_name_or(&db, 7, None).await, "anonymous");
    assert_eq!(list_users(&db, 1, 1).await.expect("users")[0].name, "Bob");
    assert_eq!(count_users(&db).await, 2);
    assert!(!is_blocked(&db, std::net::Ipv4Addr::LOCALHOST.into()).await);
    assert_eq!(*members(&db, &TeamId("core".into())).await, [1, 2]);
    assert_hit!(members(&db, &TeamId("core".into())));
}
