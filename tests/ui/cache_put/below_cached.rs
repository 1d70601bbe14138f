use cache_runtime::{cache_put, cached};

#[cached(key = "user:<id>", ttl = 300)]
#[cache_put(key = "user:<id>")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
