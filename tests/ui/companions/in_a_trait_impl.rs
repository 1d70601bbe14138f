use cache_runtime::cached;

trait Users {
    async fn user(&self, id: u64) -> u64;
}

struct InMemory;

impl Users for InMemory {
    #[cached(key = "user:<id>", ttl = 300, skip(self))]
    async fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
