use cache_runtime::cached;

struct User;

#[cached(key = "posts:<users>", ttl = 300)]
async fn posts(users: Vec<User>) -> usize {
    users.len()
}

fn main() {}
