use cache_runtime::CacheKey;

struct Db;

#[derive(CacheKey)]
struct Query {
    db: Db,
    id: u64,
}

fn main() {}
