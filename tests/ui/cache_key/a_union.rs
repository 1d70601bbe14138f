use cache_runtime::CacheKey;

#[derive(CacheKey)]
union Id {
    number: u64,
}

fn main() {}
