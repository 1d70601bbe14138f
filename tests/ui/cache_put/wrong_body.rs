use cache_runtime::cache_put;

#[cache_put(key = "user:<id>")]
async fn create(id: u64) -> Result<String, String> {
    id
}

fn main() {}
