use cache_runtime::cached;

#[cached(key = "user:<ide>", tll = 300, version = "2", tags = ["user:<name"], skip(nothing))]
fn user(id: u64, locale: &str) -> &str {
    locale
}

fn main() {}
