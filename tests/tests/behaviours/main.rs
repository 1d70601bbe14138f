//! The behaviours of the specification, a file a guarantee and a test a sentence.
//!
//! Unless a test says otherwise it runs three times: over memory alone, over a store in memory, and over a real Redis,
//! which it starts.

mod announcements;
mod basics;
mod caches;
mod consistency;
mod events;
mod expiry;
mod flights;
mod invalidation;
#[allow(dead_code, reason = "of some functions only the keys are looked at")]
mod keys;
mod kinds;
mod messages;
mod nodes;
mod redis;
mod several;
mod tags;
mod unhappy;
mod wire;
