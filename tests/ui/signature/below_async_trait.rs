use cache_runtime::cached;

use std::future::Future;
use std::pin::Pin;

struct Users;

// What `#[async_trait]` makes of `async fn user(&self, id: u64) -> u64`.
impl Users {
    #[cached(key = "user:<id>", ttl = 300, skip(self))]
    fn user<'a>(&'a self, id: u64) -> Pin<Box<dyn Future<Output = u64> + Send + 'a>> {
        Box::pin(async move { id })
    }
}

fn main() {}
