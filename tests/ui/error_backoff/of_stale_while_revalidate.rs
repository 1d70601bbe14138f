use cache_runtime::cached;

#[cached(ttl = 300, stale_while_revalidate = 60, error_backoff = "5s")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
