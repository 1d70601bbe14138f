use cache_runtime::cached;

#[cached(ttl = 300, map_error = |e| e)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
