use cache_runtime::cached;

#[cached(ttl = 300, unless = "#result == null")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
