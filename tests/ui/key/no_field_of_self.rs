use cache_runtime::cached;

struct Users {
    tenant: u64,
}

impl Users {
    #[cached(key = "user:<id>", ttl = 300)]
    async fn user(&self, id: u64) -> u64 {
        self.tenant + id
    }
}

fn main() {}

// A09
