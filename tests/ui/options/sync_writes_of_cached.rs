use cache_runtime::cached;

#[cached(ttl = 300, sync_writes = "by_key")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
