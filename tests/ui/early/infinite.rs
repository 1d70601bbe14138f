use cache_runtime::cached;

#[cached(ttl = 300, early = f64::INFINITY)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
