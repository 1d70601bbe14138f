use cache_runtime::cached;

#[cached(key = "user:<id>", ttl = 300, skip(locale), tags = ["locale:<locale>"])]
async fn user(id: u64, locale: &str) -> u64 {
    id + locale.len() as u64
}

fn main() {}
