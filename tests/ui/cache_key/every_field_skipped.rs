use cache_runtime::CacheKey;

#[derive(CacheKey)]
struct Trace(#[key(skip)] u64);

fn main() {}
