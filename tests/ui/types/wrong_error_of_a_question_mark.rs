use cache_runtime::cached;

#[cached(ttl = 300)]
async fn user(id: &str) -> Result<u64, String> {
    Ok(id.parse::<u64>()?)
}

fn main() {}
