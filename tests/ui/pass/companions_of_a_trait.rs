//! A trait that has the companions itself.

use cache_runtime::cached;

trait Users {
    fn user(id: u64) -> impl Future<Output = u64> + Send;
    fn user_uncached(id: u64) -> impl Future<Output = u64>;
    fn user_refresh(id: u64) -> impl Future<Output = u64>;
    fn user_entry(id: u64) -> cache_runtime::Entry<u64>;
}

struct Db;

impl Users for Db {
    #[cached(key = "user:<id>", ttl = 300, companions = true)]
    async fn user(id: u64) -> u64 {
        id
    }
}

fn main() {
    drop((Db::user(1), Db::user_uncached(1), Db::user_refresh(1), Db::user_entry(1)));
}
