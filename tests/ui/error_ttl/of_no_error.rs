use cache_runtime::cached;

#[cached(ttl = 60, error_ttl = 5)]
async fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
