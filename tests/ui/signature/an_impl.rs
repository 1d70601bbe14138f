use cache_runtime::cached;

struct Users;

#[cached(ttl = 300)]
impl Users {
    async fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
