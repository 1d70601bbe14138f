//! What the service answers with. Every value carries the version of its row, which each write raises by one.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a permission may be about.
pub(crate) const TOOLS: [&str; 4] = ["kick", "ban", "mute", "pin"];

/// Who is in a guild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roster {
    pub(crate) guild_id: u64,
    pub(crate) version: u64,
    pub(crate) members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) user_id: u64,
    pub(crate) nickname: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) guild_id: u64,
    pub(crate) version: u64,
    pub(crate) language: String,
    pub(crate) slow_mode_seconds: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    pub(crate) version: u64,
    pub(crate) allowed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) user_id: u64,
    pub(crate) version: u64,
    pub(crate) name: String,
    pub(crate) bio: String,
}

/// Something that can be read; displayed as its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Members { guild_id: u64 },
    Settings { guild_id: u64 },
    Permission { guild_id: u64, user_id: u64, tool: String },
    Profile { user_id: u64 },
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Members { guild_id } => write!(f, "/guilds/{guild_id}/members"),
            Self::Settings { guild_id } => write!(f, "/guilds/{guild_id}/settings"),
            Self::Permission { guild_id, user_id, tool } => {
                write!(f, "/guilds/{guild_id}/permissions/{user_id}/{tool}")
            }
            Self::Profile { user_id } => write!(f, "/users/{user_id}"),
        }
    }
}

/// What a write has changed: each resource with its new version.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Written {
    pub(crate) changed: Vec<Changed>,
    /// Why caches could not be told; the old values may then be served until their TTLs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_announced: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Changed {
    pub(crate) path: String,
    pub(crate) version: u64,
}

impl Changed {
    pub(crate) fn new(resource: &Resource, version: u64) -> Self {
        Self { path: resource.to_string(), version }
    }
}
