use cache_runtime::cached;

use std::future::Future;

#[cached(ttl = 300)]
fn user(id: u64) -> impl Future<Output = u64> {
    async move { id }
}

fn main() {}
