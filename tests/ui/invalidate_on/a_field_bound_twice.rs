use cache_runtime::cached;

#[cached(key = "order:<user_id>:<other>", ttl = 300, invalidate_on = ["order_changed(id = user_id, id = other)"])]
async fn order(user_id: u64, other: u64) -> u64 {
    user_id + other
}

fn main() {}
