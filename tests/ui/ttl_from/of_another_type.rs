use cache_runtime::cached;
use std::time::Duration;

fn life(name: &String) -> Duration {
    Duration::from_secs(name.len() as u64)
}

#[cached(ttl_from = life)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
