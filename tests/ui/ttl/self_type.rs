use cache_runtime::cached;

struct Users {
    tenant: u64,
}

impl Users {
    const TTL: u64 = 300;

    #[cached(key = "user:<self.tenant>:<id>", ttl = Self::TTL)]
    async fn user(&self, id: u64) -> u64 {
        self.tenant + id
    }
}

fn main() {}
