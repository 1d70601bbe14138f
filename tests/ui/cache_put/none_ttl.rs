use cache_runtime::cache_put;

#[cache_put(key = "user:<id>", none_ttl = 5)]
async fn rename(id: u64, name: String) -> Result<String, String> {
    Ok(format!("{name} {id}"))
}

fn main() {}
