use cache_runtime::CacheKey;

#[derive(CacheKey)]
enum Sort {
    #[key(skip)]
    Newest,
    Oldest,
}

fn main() {}
