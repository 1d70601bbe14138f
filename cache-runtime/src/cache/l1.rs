//! The process's memory: entries that answer without the store, as long as nothing that they depend on has changed.
//!
//! What is held, `entries.rs` says; `index.rs` answers, and `queues.rs` decides what stays. Whether an entry may answer,
//! `slot.rs` says.

mod entries;
mod ghosts;
mod index;
mod names;
mod queues;
mod regions;

pub(crate) use entries::{Entries, SEAT_BYTES};
pub(crate) use queues::Seat;
pub(crate) use regions::Region;

#[cfg(test)]
mod tests;
