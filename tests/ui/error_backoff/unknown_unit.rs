use cache_runtime::cached;

#[cached(ttl = 300, stale_if_error = 60, error_backoff = "5x")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
