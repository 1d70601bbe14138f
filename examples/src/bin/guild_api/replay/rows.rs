//! Which row of the database stands for which row of the trace, and what a write of it is.

use crate::model::{Resource, TOOLS};
use crate::routes::{NewMember, NewPermission, NewProfile, NewSettings};
use crate::seed::{MODERATORS, Scale};
use hyper::Method;
use serde::Serialize;

/// How many kinds of resources there are; the rows of a trace are dealt out to them in turn.
const KINDS: u32 = 4;
/// One write of settings in so many deletes the guild.
const DELETE_EVERY: usize = 16;

/// The rows of a trace as resources.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows(Scale);

/// A request that changes something.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

impl Rows {
    /// So many rows.
    pub(super) fn of(count: u32) -> Self {
        Self(Scale(u64::from(count.div_ceil(KINDS))))
    }

    /// How many guilds and users it takes.
    pub(super) fn scale(self) -> Scale {
        self.0
    }

    /// No two rows are the same resource.
    pub(super) fn resource(self, row: u32) -> Resource {
        let id = u64::from(row / KINDS);
        match row % KINDS {
            0 => Resource::Members { guild_id: id },
            1 => Resource::Settings { guild_id: id },
            2 => Resource::Profile { user_id: id },
            _ => self.permission(id),
        }
    }

    fn permission(self, id: u64) -> Resource {
        let tools = TOOLS.len() as u64;
        let guild_id = id / (MODERATORS * tools);
        let user_id = self.0.member(guild_id, id / tools % MODERATORS);
        Resource::Permission { guild_id, user_id, tool: TOOLS[(id % tools) as usize].to_owned() }
    }

    /// The `nth` write of the replay, of this resource.
    pub(super) fn write(self, resource: &Resource, nth: usize) -> Write {
        let own = resource.to_string();
        match resource {
            Resource::Members { guild_id } => {
                let path = format!("{own}/{}", self.0.member(*guild_id, 0));
                put(path, &NewMember { nickname: format!("nickname {nth}") })
            }
            Resource::Settings { guild_id } if nth.is_multiple_of(DELETE_EVERY) => {
                Write { method: Method::DELETE, path: format!("/guilds/{guild_id}"), body: Vec::new() }
            }
            Resource::Settings { .. } => {
                put(own, &NewSettings { language: "eo".to_owned(), slow_mode_seconds: (nth % 60) as u32 })
            }
            Resource::Permission { .. } => put(own, &NewPermission { allowed: nth.is_multiple_of(2) }),
            Resource::Profile { user_id } => {
                put(own, &NewProfile { name: format!("user {user_id}"), bio: format!("edited in write {nth}") })
            }
        }
    }
}

fn put(path: String, body: &impl Serialize) -> Write {
    let body = serde_json::to_vec(body).expect("texts, numbers and bools are JSON");
    Write { method: Method::PUT, path, body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_rows_are_the_same_resource() {
        let rows = Rows::of(10_001);
        let paths: HashSet<String> = (0..10_001).map(|row| rows.resource(row).to_string()).collect();
        assert_eq!(paths.len(), 10_001);
    }
}
