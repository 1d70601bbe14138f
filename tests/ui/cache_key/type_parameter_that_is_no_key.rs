use cache_runtime::CacheKey;

struct Db;

#[derive(CacheKey)]
struct Query<T>(T);

fn is_key(_: impl cache_runtime::KeyPart) {}

fn used() {
    is_key(Query(Db));
}

fn main() {}
