use cache_runtime::CacheKey;

#[derive(CacheKey)]
#[key(skip)]
struct Id(u64);

fn main() {}
