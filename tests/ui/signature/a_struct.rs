use cache_runtime::cached;

#[cached(ttl = 300)]
struct User;

fn main() {}
