use cache_runtime::cache_put;

#[cache_put(key = "user:<id>")]
struct Rename;

fn main() {}
