use cache_runtime::cached;

fn every(_: &String) -> bool {
    true
}

#[cached(ttl = 60, error_ttl = 0, error_if = every)]
async fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
