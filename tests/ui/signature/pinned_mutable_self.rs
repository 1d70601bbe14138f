use cache_runtime::cached;
use std::pin::Pin;

struct Users {
    tenant: u64,
}

impl Users {
    #[cached(key = "user:<self.tenant>:<id>", ttl = 300)]
    async fn user(self: Pin<&mut Self>, id: u64) -> u64 {
        self.tenant + id
    }
}

fn main() {}
