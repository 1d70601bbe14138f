use cache_runtime::cached;

#[derive(serde::Serialize, serde::Deserialize)]
struct User {
    id: u64,
}

#[cached(ttl = 300)]
async fn user(id: u64) -> User {
    User { id }
}

fn main() {}
