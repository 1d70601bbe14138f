use cache_runtime::cached;

#[cached(ttl = 300, none_ttl = 0)]
async fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
