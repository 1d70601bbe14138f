use cache_runtime::cached;

#[cached(ttl = 300, consistency = "strong")]
async fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
