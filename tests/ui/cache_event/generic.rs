use cache_runtime::CacheEvent;

#[derive(CacheEvent)]
struct Updated<T> {
    id: T,
}

fn main() {}
