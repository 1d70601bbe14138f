use cache_runtime::cached;

#[cached(key = "guilds", ttl = 300, invalidate_on = ["member_update(guild_id)"])]
async fn guilds() -> u64 {
    0
}

fn main() {}
