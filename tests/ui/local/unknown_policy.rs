use cache_runtime::cached;

#[cached(ttl = 300, local(max_entries = 100, policy = "lur"))]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
