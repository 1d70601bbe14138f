use cache_runtime::cached;

#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
async fn users(ids: &[u64]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn main() {}
