use cache_runtime::cached;

use std::borrow::Cow;

#[cached(ttl = 300)]
async fn user(name: &str) -> Cow<'_, str> {
    name.into()
}

fn main() {}
