use cache_runtime::cached;

#[cached(ttl = 60, cache_if = |id| *id > 0)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
