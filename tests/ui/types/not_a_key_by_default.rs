use cache_runtime::cached;

struct User {
    id: u64,
}

#[cached(ttl = 300)]
async fn posts(user: &User) -> u64 {
    user.id
}

fn main() {}
