use cache_runtime::cached;

struct DbError;

#[cached(key = "user:<id>", ttl = 300, hard_timeout = "2s")]
async fn user(id: u64) -> Result<u64, DbError> {
    Ok(id)
}

fn main() {}
