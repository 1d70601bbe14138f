use cache_runtime::cached;

#[cached(ttl = 300, early = 1e999)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
