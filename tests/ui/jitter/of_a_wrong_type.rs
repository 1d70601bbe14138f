use cache_runtime::cached;

const SHARE: u32 = 1;

#[cached(ttl = 300, jitter = SHARE)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
