use cache_runtime::CacheKey;

struct Db;

#[derive(CacheKey)]
enum Query {
    All,
    Of(Db),
}

fn main() {}
