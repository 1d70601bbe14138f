use cache_runtime::cached;

#[cached(key = "user:<id>", ttl = 300, skip(db, id))]
async fn user(db: &str, id: u64) -> u64 {
    id + db.len() as u64
}

fn main() {}
