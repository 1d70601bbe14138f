use cache_runtime::cached;

#[cached(ttl = 300, crate = "not a path")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
