//! What is compared: a file a contestant, which says for each case how it takes part in it.

pub(crate) mod by_hand;
pub(crate) mod cached;
pub(crate) mod foyer;
#[cfg(hitbox)]
pub(crate) mod hitbox;
pub(crate) mod moka;
pub(crate) mod ours;
pub(crate) mod papaya;
pub(crate) mod quick_cache;
