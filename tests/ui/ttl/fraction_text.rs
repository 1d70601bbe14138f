use cache_runtime::cached;

#[cached(ttl = "1.5h")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
