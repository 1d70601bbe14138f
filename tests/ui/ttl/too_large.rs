use cache_runtime::cached;

#[cached(ttl = 99999999999999999999)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
