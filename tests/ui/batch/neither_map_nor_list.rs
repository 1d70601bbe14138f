use cache_runtime::cached;

#[cached(key = "user:<id>", ttl = 300, batch(id = ids))]
async fn users(ids: &[u64]) -> String {
    format!("{ids:?}")
}

fn main() {}
