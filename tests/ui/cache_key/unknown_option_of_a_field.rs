use cache_runtime::CacheKey;

#[derive(CacheKey)]
struct Id {
    #[key(ignore)]
    number: u64,
}

fn main() {}
