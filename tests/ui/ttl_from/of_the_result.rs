use cache_runtime::cached;
use std::time::Duration;

fn life(result: &Result<u64, String>) -> Duration {
    Duration::from_secs(result.as_ref().map_or(0, |id| *id))
}

#[cached(ttl_from = life)]
async fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
