use cache_runtime::cached;

#[derive(Clone)]
struct User {
    id: u64,
}

#[cached(ttl = 300)]
async fn user(id: u64) -> Result<Option<User>, String> {
    Ok(Some(User { id }))
}

fn main() {}
