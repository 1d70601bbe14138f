use cache_runtime::CacheKey;

#[derive(CacheKey)]
enum Never {}

fn main() {}
