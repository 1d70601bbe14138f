use cache_runtime::cached;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct User {
    team: Team,
}

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Team;

#[cached(key = "user:<id>", ttl = 300, tags = ["team:<return.team>"])]
async fn user(id: u64) -> User {
    let _ = id;
    User { team: Team }
}

fn main() {}
