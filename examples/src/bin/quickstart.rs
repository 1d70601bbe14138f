//! The first example: one attribute caches a function, one event makes it load again.

use cache_runtime::{CacheEvent, cached, current};
use std::io::Error;

#[derive(CacheEvent)]
#[event(name = "member_update")]
struct MemberUpdate {
    guild_id: u64,
}

#[cached(key = "guild:<guild_id>:members", ttl = 300, invalidate_on = ["member_update"])]
async fn guild_members(guild_id: u64) -> Result<Vec<String>, Error> {
    println!("loading the members of guild {guild_id}");
    Ok(vec!["ada".to_owned(), "grace".to_owned()])
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{:?}", guild_members(42).await?); // loads
    println!("{:?}", guild_members(42).await?); // from memory
    current().emit(MemberUpdate { guild_id: 42 }).await?;
    println!("{:?}", guild_members(42).await?); // loads again
    Ok(())
}
