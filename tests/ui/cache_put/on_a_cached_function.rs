use cache_runtime::{cache_put, cached};

#[cache_put(key = "user:<id>")]
#[cached(key = "user:<id>", ttl = 300)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
