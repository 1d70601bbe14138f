use cache_runtime::cached;

#[cached(ttl = 300, consistency = strict)]
async fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
