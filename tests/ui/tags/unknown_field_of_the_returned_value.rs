use cache_runtime::cached;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct User {
    team: u64,
}

#[cached(key = "user:<id>", ttl = 300, tags = ["team:<return.taem>"])]
async fn user(id: u64) -> Option<User> {
    Some(User { team: id })
}

fn main() {}
