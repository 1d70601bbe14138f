//! What companions are allowed, a crate may have forbidden.

#![forbid(deprecated, unused_qualifications)]

use cache_runtime::cached;

#[cached(key = "user:<id>", ttl = 300)]
pub async fn user(id: u64) -> u64 {
    id
}

pub struct Users;

impl Users {
    #[cached(key = "of:<id>", ttl = 300)]
    pub async fn of(id: u64) -> u64 {
        id
    }

    #[cached(key = "mine:<id>", ttl = 300, skip(self))]
    pub async fn mine(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    drop((user_refresh(1), Users::of_refresh(1), Users.mine_refresh(1)));
}
