use cache_runtime::cached;

#[cached(expire = 300)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
