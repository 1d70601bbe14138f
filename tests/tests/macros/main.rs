//! What the attributes beside `#[cached]` do, a file an attribute and a test a sentence: batches, writers, and what waits
//! for a commit.
//!
//! Unless a test says otherwise it runs three times: over memory alone, over a store in memory, and over a real Redis,
//! which it starts. What writers do is run a fourth time, over a cluster: `cluster.rs`.

mod background;
mod batches;
mod cluster;
mod companions;
mod graph;
mod puts;
mod schemas;
mod shapes;
mod transactions;
mod writers;
