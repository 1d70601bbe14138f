use cache_runtime::cached;

#[cached(key = "guild:<guild_id>", ttl = 300)]
async fn member(guild_id: u64, user_id: u64) -> u64 {
    guild_id + user_id
}

fn main() {}

// A03
