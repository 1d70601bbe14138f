use cache_runtime::cached;

#[cached(ttl = 300, jitter = f64::NAN)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
