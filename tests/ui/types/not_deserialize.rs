use cache_runtime::cached;

#[derive(Clone, serde::Serialize)]
struct User {
    id: u64,
}

#[cached(ttl = 300)]
async fn user(id: u64) -> User {
    User { id }
}

fn main() {}
