use cache_runtime::cached;

#[cached(key = "plural:<n>", ttl = 300)]
async fn plural(n: u64) -> &'static str {
    if n == 1 { "one" } else { "other" }
}

fn main() {}
