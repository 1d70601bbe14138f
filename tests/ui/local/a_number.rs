use cache_runtime::cached;

#[cached(ttl = 300, local = 100)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
