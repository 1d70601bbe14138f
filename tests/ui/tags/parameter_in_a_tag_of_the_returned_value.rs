use cache_runtime::cached;

#[cached(key = "user:<id>", ttl = 300, tags = ["user:<id>:<return>"])]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
