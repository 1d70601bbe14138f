use cache_runtime::cached;

fn every(_: &String) -> bool {
    true
}

#[cached(ttl = 60, error_ttl = 5, error_if = every)]
async fn user(id: u64) -> Result<u64, u8> {
    Ok(id)
}

fn main() {}
