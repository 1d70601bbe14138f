use cache_runtime::cached;

#[cached(ttl_from = life)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
