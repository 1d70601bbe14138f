use cache_runtime::cached;

const LIFE: &str = "5m";

#[cached(ttl = 60, l1_ttl = LIFE)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
