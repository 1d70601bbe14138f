//! An executable model of the invalidation protocol, explored to its end: `docs/protocol.md` is what it is of, and
//! `docs/model.md` says what is in it and what is not.
//!
//! A small world of nodes, readers, writers and a store takes every step that it can take, in every order, with every
//! misfortune that it has left. No read may ever be given something too old; and with a rule of the protocol switched
//! off, one is, or no promise rests on that rule.

mod ablation;
mod config;
mod configs;
mod explorer;
mod fate;
mod fingerprint;
mod flight;
mod forget;
mod known;
mod large;
mod load;
mod names;
mod possible;
mod read;
mod rules;
mod state;
mod steps;
mod store;
mod trace;
mod world;
mod write;

pub use ablation::{Ablation, Switches};
pub use config::Config;
pub use configs::QUICK;
pub use explorer::{Report, Verdict, explore};
pub use large::{LARGE, LIMITS};
pub use rules::{RULES, Rule, config};
pub use trace::Trace;
pub use world::Broken;
