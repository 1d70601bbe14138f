use cache_runtime::invalidates;

trait Guilds {
    #[invalidates("member_update" { guild_id })]
    async fn kick(&self, guild_id: u64);
}

fn main() {}
