use cache_runtime::cached;

#[cached(ttl = 60, jitter = share.min(0.5), skip(share))]
async fn user(id: u64, share: f64) -> u64 {
    id + share as u64
}

fn main() {}
