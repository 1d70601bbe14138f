use cache_runtime::cached;

#[cached(ttl = 300, local(max_entries = 0, max_bytes = "64XB", policy = "x"))]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
