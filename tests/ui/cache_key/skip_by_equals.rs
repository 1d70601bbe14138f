use cache_runtime::CacheKey;

#[derive(CacheKey)]
struct Id {
    #[key = "skip"]
    number: u64,
}

fn main() {}
