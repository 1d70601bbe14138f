//! The behaviours of the specification, a file a guarantee and a test a sentence.
//!
//! Unless a test says otherwise it runs three times: over memory alone, over a store in memory, and over a real Redis,
//! which it starts. What is promised of invalidation, tags and nodes is run a fourth time, over a cluster: `cluster.rs`.

mod activities;
mod announcements;
mod arcs;
mod basics;
mod caches;
mod calls;
mod clones;
mod cluster;
mod consistency;
mod early;
mod events;
mod expiry;
mod exposition;
mod flights;
mod foreign;
mod functions;
mod generations;
mod invalidation;
mod keeping;
#[allow(dead_code, reason = "of some functions only the keys are looked at")]
mod keys;
mod kinds;
mod leases;
mod loads;
mod many;
mod messages;
mod metrics;
mod negatives;
mod nodes;
mod odd;
mod patterns;
mod policies;
mod rates;
mod redis;
mod regions;
mod several;
mod stale;
mod tags;
mod timeouts;
mod together;
mod turns;
mod unhappy;
mod validators;
mod walks;
mod wire;
