use cache_runtime::Cache;

#[cache_runtime::test]
struct Tests(Cache);

fn main() {}
