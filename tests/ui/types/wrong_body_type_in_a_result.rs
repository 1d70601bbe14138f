use cache_runtime::cached;

#[cached(ttl = 300)]
async fn user(id: u64) -> Result<u64, String> {
    id
}

fn main() {}
