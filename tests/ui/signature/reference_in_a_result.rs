use cache_runtime::cached;

#[cached(ttl = 300)]
async fn user(name: &str) -> Result<&str, ()> {
    Ok(name)
}

fn main() {}
