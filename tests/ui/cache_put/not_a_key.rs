use cache_runtime::cache_put;

struct User(u64);

#[cache_put(key = "user:<user>")]
async fn create(user: User) -> u64 {
    user.0
}

fn main() {}
