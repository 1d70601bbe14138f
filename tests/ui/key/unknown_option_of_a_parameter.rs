use cache_runtime::cached;

#[cached(key = "session:<token>", ttl = 60)]
async fn session(#[key(hidden)] token: &str) -> usize {
    token.len()
}

fn main() {}
