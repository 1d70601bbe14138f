use cache_runtime::cached;

struct Fault;

fn every(_: &Fault) -> bool {
    true
}

#[cached(ttl = 60, error_ttl = 5, error_if = every)]
async fn user(id: u64) -> Result<u64, Fault> {
    Ok(id)
}

fn main() {}
