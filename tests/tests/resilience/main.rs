//! Never the outage: what callers see while the store is slow, away or half alive, and how it heals by itself.

mod breakers;
mod configuration;
mod held;
mod lifecycle;
mod limits;
mod memory;
mod outbox;
mod packed;
mod queue;
mod waits;
mod warmup;
mod wire;
