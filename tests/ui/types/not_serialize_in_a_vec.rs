use cache_runtime::cached;

#[derive(Clone)]
struct User {
    id: u64,
}

#[cached(ttl = 300)]
async fn users(id: u64) -> Vec<User> {
    vec![User { id }]
}

fn main() {}
