use cache_runtime::cached;

#[cached(key = "all:<page>", ttl = 300)]
async fn all<const SIZE: usize>(page: u64) -> u64 {
    page * SIZE as u64
}

fn main() {}
