use cache_runtime::cached;

#[cached(size = 100)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
