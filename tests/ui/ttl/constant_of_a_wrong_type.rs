use cache_runtime::cached;

const LIFETIME: &str = "5m";

#[cached(ttl = LIFETIME)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
