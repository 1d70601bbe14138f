use cache_runtime::cached;

#[cached(ttl = 60, refresh_every = "1m")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
