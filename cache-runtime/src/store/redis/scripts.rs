//! What the server does in one piece, as Lua. Each script says at its head what it means and what it is given.
//!
//! `history.lua` reads the meta for all of them; `guard.lua` is what makes it safe to go on with what was read.

use redis::Script;
use std::sync::LazyLock;

macro_rules! script {
    ($($file:literal),+) => {
        LazyLock::new(|| Script::new(concat!($(include_str!(concat!("scripts/", $file, ".lua"))),+)))
    };
}

/// Begins a new epoch if the meta is absent or another incarnation's.
pub(super) static ADOPT: LazyLock<Script> = script!("history", "adopt");
/// Prepares a load.
pub(super) static BEGIN: LazyLock<Script> = script!("history", "guard", "begin");
/// Stores a loaded entry unless something overtook it.
pub(super) static COMMIT: LazyLock<Script> = script!("history", "guard", "freed", "commit");
/// Renews a lease.
pub(super) static EXTEND: LazyLock<Script> = script!("history", "guard", "extend");
/// Gives a lease back.
pub(super) static RELEASE: LazyLock<Script> = script!("history", "guard", "freed", "release");
/// Invalidates what depends on any of some dependencies, on a full server too.
pub(super) static BUMP: LazyLock<Script> = script!("history", "room", "guard", "bump");
/// Removes entries, on a full server too.
pub(super) static REMOVE: LazyLock<Script> = script!("history", "room", "guard", "remove");
/// Stores an entry whatever is there.
pub(super) static PUT: LazyLock<Script> = script!("history", "guard", "put");
/// Announces a write, on a full server too.
pub(super) static ANNOUNCE: LazyLock<Script> = script!("history", "room", "guard", "announce");
/// Withdraws an announcement and invalidates, on a full server too.
pub(super) static SETTLE: LazyLock<Script> = script!("history", "room", "guard", "settle");
/// Begins a new epoch, on a full server too.
pub(super) static CLEAR: LazyLock<Script> = script!("history", "room", "guard", "clear");
