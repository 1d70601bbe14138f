//! The process's memory: entries that answer without the store, as long as nothing that they depend on has changed.
//!
//! What is held, `entries.rs` says; `index.rs` finds it, in one of `places.rs`; `held.rs` says whether it is a hit, and
//! `queues.rs` decides what stays. Whether an entry may answer otherwise, `slot.rs` says.

mod entries;
mod ghosts;
mod held;
mod index;
mod names;
mod places;
mod queues;
mod regions;
mod segments;
mod sync;

pub(crate) use entries::{Entries, SEAT_BYTES};
pub(crate) use queues::Seat;
pub(crate) use regions::Region;

#[cfg(test)]
mod tests;
