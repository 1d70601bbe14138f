use cache_runtime::cached;

#[cached(key = "user:<id.pow(2)>", ttl = 300)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
