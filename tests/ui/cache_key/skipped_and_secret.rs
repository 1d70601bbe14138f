use cache_runtime::CacheKey;

#[derive(CacheKey)]
struct Login {
    user: u64,
    #[key(skip, secret)]
    password: String,
}

fn main() {}
