use cache_runtime::cache_put;

#[cache_put(key = "user:<id>", early = 2.0)]
async fn rename(id: u64, name: String) -> Result<String, String> {
    Ok(format!("{name} {id}"))
}

fn main() {}
