use cache_runtime::cached;

#[cached(ttl = 300, disk = true, disk_dir = "/var/cache", durable = false)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
