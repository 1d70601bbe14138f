use cache_runtime::cached;

#[cached(key = "all:<page>", ttl = 300)]
async fn all<T: Default>(page: u64) -> u64 {
    let _ = T::default();
    page
}

fn main() {}
