//! The rows the service starts with: so many guilds and as many users, in bulk.

use crate::db::{Db, DbError};
use crate::model::TOOLS;

/// How many members a guild starts with.
const MEMBERS: u64 = 4;
/// How many of them, the first, have permissions.
pub(crate) const MODERATORS: u64 = 2;

/// How many guilds there are, numbered from zero, and as many users.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale(pub(crate) u64);

impl Scale {
    /// The user who is the `nth` member of a guild: its neighbours by number.
    pub(crate) fn member(self, guild_id: u64, nth: u64) -> u64 {
        (guild_id + nth) % self.0
    }
}

/// Fills an empty database, in one transaction; tells whether it was empty.
pub(crate) async fn seed(db: &Db, scale: Scale) -> Result<bool, DbError> {
    let mut transaction = db.begin().await?;
    let (filled,): (bool,) =
        sqlx::query_as("SELECT EXISTS (SELECT 1 FROM guilds)").fetch_one(&mut *transaction).await?;
    if filled {
        return Ok(false);
    }
    for statement in statements(scale.0) {
        sqlx::query(&statement).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

fn statements(guilds: u64) -> [String; 5] {
    let tools = TOOLS.map(|tool| format!("('{tool}')")).join(", ");
    [
        format!("INSERT INTO guilds (guild_id) {}", numbers(guilds)),
        "INSERT INTO settings (guild_id) SELECT guild_id FROM guilds".to_owned(),
        "INSERT INTO users (user_id, name) SELECT guild_id, 'user ' || guild_id FROM guilds".to_owned(),
        format!(
            "INSERT OR IGNORE INTO members SELECT guild_id, (guild_id + n) % {guilds}, 'member ' || n \
             FROM guilds JOIN ({}) ORDER BY guild_id",
            numbers(MEMBERS)
        ),
        format!(
            "INSERT OR IGNORE INTO permissions (guild_id, user_id, tool) \
             SELECT guild_id, (guild_id + n) % {guilds}, column1 \
             FROM guilds JOIN ({}) JOIN (VALUES {tools}) ORDER BY guild_id",
            numbers(MODERATORS)
        ),
    ]
}

/// A query for the numbers from zero, as `n`.
fn numbers(count: u64) -> String {
    format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count}) \
         SELECT n FROM numbers"
    )
}
