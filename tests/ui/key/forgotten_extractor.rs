use cache_runtime::cached;

struct Path<T>(T);

#[cached(key = "user", ttl = 300)]
async fn user(Path(id): Path<u64>) -> u64 {
    id
}

fn main() {}
