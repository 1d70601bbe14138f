use cache_runtime::cached;

#[cached(ttl = 300)]
async fn user(id: u64) -> u64 {
    if id == 0 {
        return "none";
    }
    id
}

fn main() {}
