use cache_runtime::cached;

#[cached(ttl = 300)]
async fn user(id: u64) -> u64 {
    idd
}

fn main() {}
