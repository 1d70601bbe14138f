use cache_runtime::cached;

use std::sync::Arc;

struct User {
    id: u64,
}

#[cached(ttl = 300)]
async fn user(id: u64) -> Arc<User> {
    Arc::new(User { id })
}

fn main() {}
