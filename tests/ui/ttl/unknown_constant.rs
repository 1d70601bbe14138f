use cache_runtime::cached;

#[cached(ttl = LIFETIME)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
