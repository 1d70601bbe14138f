use cache_runtime::cached;

struct User {
    id: u64,
}

#[cached(key = "order:<user.id>:<user_id>", ttl = 300, invalidate_on = ["order_changed(id = user_id, id = user_id)"])]
async fn order(user: &User, user_id: u64) -> u64 {
    user.id + user_id
}

fn main() {}
