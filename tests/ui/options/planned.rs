use cache_runtime::cached;

#[cached(ttl = 300, error_ttl = "1m")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
