use cache_runtime::cached;

#[cached(key = "guild:<guild_id>", ttl = 300, invalidate_on = ["member update"])]
async fn guild(guild_id: u64) -> u64 {
    guild_id
}

fn main() {}
