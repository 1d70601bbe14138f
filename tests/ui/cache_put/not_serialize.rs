use cache_runtime::cache_put;

#[derive(Clone)]
struct User {
    id: u64,
}

#[cache_put(key = "user:<id>")]
async fn create(id: u64) -> Result<User, String> {
    Ok(User { id })
}

fn main() {}
