use cache_runtime::cached;

#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
async fn users(ids: &[u64]) -> Result<Vec<String>, std::io::Error> {
    Ok(ids.iter().map(u64::to_string).collect())
}

fn main() {}
