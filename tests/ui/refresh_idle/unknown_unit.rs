use cache_runtime::cached;

#[cached(ttl = 300, refresh_every = 60, refresh_idle = "5x")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
