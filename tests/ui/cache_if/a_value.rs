use cache_runtime::cached;

fn is_even(id: u64) -> bool {
    id % 2 == 0
}

#[cached(ttl = 60, cache_if = is_even)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
