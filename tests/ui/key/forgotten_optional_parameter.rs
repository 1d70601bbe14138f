use cache_runtime::cached;

#[cached(key = "users", ttl = 300)]
async fn users(search: Option<&str>) -> usize {
    search.map_or(0, str::len)
}

fn main() {}
