use cache_runtime::cache_put;

#[cache_put(key = "user:<user_id>", ttl = 300)]
async fn rename(id: u64, name: String) -> Result<String, String> {
    Ok(format!("{name} {id}"))
}

fn main() {}
