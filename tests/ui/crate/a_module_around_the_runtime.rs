use cache_runtime::cached;

pub mod framework {
    pub use cache_runtime;
}

#[cached(ttl = 300, stale_while_revalidate = 60, crate = crate::framework)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
