//! What somebody may do, and what is switched on.

use crate::world::{Db, DbError};
use cache_runtime::{CacheEvent, CacheKey, cached, invalidates};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, CacheKey)]
enum Permission {
    Read,
    Write,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Variant {
    Off,
    On,
    Share { percent: u8 },
}

#[derive(CacheEvent)]
#[event(name = "role_changed")]
struct RoleChanged {
    user_id: u64,
}

#[derive(CacheEvent)]
struct FlagChanged {
    flag: String,
}

struct Flags {
    db: Arc<Db>,
    environment: String,
}

impl Flags {
    fn new(db: Arc<Db>, environment: impl Into<String>) -> Self {
        Self { db, environment: environment.into() }
    }

    #[cached(key = "flag:<self.environment>:<flag>", ttl = 30, invalidate_on = [FlagChanged])]
    async fn variant(&self, flag: &str) -> Variant {
        match self.db.find("flags", format!("{}/{flag}", self.environment)).await.as_deref() {
            Some("on") => Variant::On,
            Some(share) => share.parse().map_or(Variant::Off, |percent| Variant::Share { percent }),
            None => Variant::Off,
        }
    }

    #[cached(key = "flag:<self.environment>:<flag>:for:<user_id>", ttl = 30, invalidate_on = [FlagChanged])]
    async fn is_on(&self, flag: &str, user_id: u64) -> bool {
        match self.variant(flag).await {
            Variant::Off => false,
            Variant::On => true,
            Variant::Share { percent } => user_id % 100 < u64::from(percent),
        }
    }

    #[cached(ttl = "1m", skip(self))]
    async fn all(&self) -> Vec<(String, Variant)> {
        let mut all = Vec::new();
        for (name, _) in self.db.all("flags").await {
            let flag = name.split('/').next_back().unwrap_or_default().to_string();
            let variant = self.variant(&flag).await;
            all.push((flag, variant));
        }
        all
    }

    #[invalidates(FlagChanged { flag = flag.to_owned() })]
    async fn switch_on(&self, flag: &str) -> Result<(), DbError> {
        self.db.put("flags", format!("{}/{flag}", self.environment), "on");
        Ok(())
    }
}

#[cached(key = "roles:<user_id>", ttl = 300, invalidate_on = [RoleChanged])]
async fn roles(db: &Db, user_id: u64) -> Result<HashSet<String>, DbError> {
    Ok(db.one("roles", user_id).await?.split(',').map(str::to_owned).collect())
}

#[cached(key = "may:<user_id>:<permission>:<resource>", ttl = 60, invalidate_on = ["role_changed(user_id)"])]
async fn is_allowed(db: &Db, user_id: u64, permission: Permission, resource: (&str, u64)) -> bool {
    let Ok(roles) = roles(db, user_id).await else { return false };
    let (kind, _id) = resource;
    roles.contains("admin") || (permission == Permission::Read && roles.contains(kind))
}

#[cached(key = "policy:<id.tenant>", ttl = 60)]
async fn policy_of(db: &Db, id: &PolicyId) -> String {
    db.find("policies", &id.tenant).await.unwrap_or_else(|| "default".into())
}

struct PolicyId {
    tenant: String,
}

#[cached(key = "visible:<viewer>:<owner>", ttl = 60, tags = ["user:<viewer>", "user:<owner>"])]
async fn can_see(db: &Db, viewer: u64, owner: u64) -> bool {
    viewer == owner || is_allowed(db, viewer, Permission::Read, ("profile", owner)).await
}

#[cached(key = "quota:<plan>:<month>", ttl = "1h")]
async fn quota(plan: Box<str>, month: u8) -> Result<u32, String> {
    match (&*plan, month) {
        (_, 13..) => Err(format!("there is no month {month}")),
        ("free", _) => Ok(100),
        _ => Ok(10_000),
    }
}

#[invalidates(RoleChanged { user_id })]
async fn grant(db: &Db, user_id: u64, role: &str) -> Result<(), DbError> {
    db.put("roles", user_id, role);
    Ok(())
}

#[cache_runtime::test]
async fn a_flag_that_is_switched_on_is_on_at_once() {
    let flags = Flags::new(Arc::new(Db::with([("flags", "live/checkout", "10")])), "live");
    assert!(flags.is_on("checkout", 9).await);
    assert!(!flags.is_on("checkout", 10).await);
    assert_eq!(flags.all().await, [("checkout".to_owned(), Variant::Share { percent: 10 })]);
    flags.switch_on("checkout").await.expect("acknowledged");
    assert!(flags.is_on("checkout", 10).await);
    assert_eq!(flags.variant("checkout").await, Variant::On);
}

#[cache_runtime::test]
async fn a_new_role_counts_at_once() {
    let db = Db::with([("roles", "1", "profile")]);
    assert!(can_see(&db, 1, 2).await);
    assert!(!is_allowed(&db, 1, Permission::Write, ("profile", 2)).await);
    grant(&db, 1, "admin").await.expect("acknowledged");
    assert!(is_allowed(&db, 1, Permission::Write, ("profile", 2)).await);
    assert_eq!(quota("free".into(), 13).await, Err("there is no month 13".to_owned()));
    assert_eq!(quota("free".into(), 1).await, Ok(100));
    assert_eq!(policy_of(&db, &PolicyId { tenant: "a".into() }).await, "default");
}
