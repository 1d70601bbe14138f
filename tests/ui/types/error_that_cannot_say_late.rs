use cache_runtime::cached;
use std::sync::Arc;

#[cached(key = "user:<id>", ttl = 300, hard_timeout = 1)]
async fn user(id: u64) -> Result<Arc<u64>, String> {
    Ok(Arc::new(id))
}

fn main() {}
