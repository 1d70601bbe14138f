use cache_runtime::cached;

trait Users {
    #[cached(ttl = 300)]
    async fn user(&self, id: u64) -> u64;
}

fn main() {}
