use cache_runtime::cached;

fn life(id: &u64) -> u64 {
    *id
}

#[cached(ttl_from = life)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
