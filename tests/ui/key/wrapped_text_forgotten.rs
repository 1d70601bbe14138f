use cache_runtime::cached;
use std::borrow::Cow;
use std::sync::Arc;

#[cached(key = "user:<id>", ttl = 300)]
async fn user(id: u64, language: Arc<str>, region: Cow<'_, str>) -> u64 {
    id + (language.len() + region.len()) as u64
}

fn main() {}
