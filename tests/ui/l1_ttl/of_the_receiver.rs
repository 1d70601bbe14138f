use cache_runtime::cached;
use std::time::Duration;

struct Users {
    life: Duration,
}

impl Users {
    #[cached(ttl = 300, l1_ttl = self.life, skip(self))]
    async fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
