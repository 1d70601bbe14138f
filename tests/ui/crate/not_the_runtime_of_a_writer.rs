use cache_runtime::invalidates;

#[invalidates("member_update" { guild_id }, crate = std)]
async fn kick(guild_id: u64) {
    let _ = guild_id;
}

fn main() {}
