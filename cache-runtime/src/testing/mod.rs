//! For tests: caches in memory, loaders that count, a store that fails and waits on request, and assertions.

mod asserts;
mod faulty;
mod faulty_bus;
mod graph;
mod loader;
mod node;

pub use faulty::{FaultyStore, Held, Operation, When};
pub use graph::{ACCEPT_GRAPH, assert_graph};
pub use loader::CountingLoader;
pub use node::Node;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::store::MemoryStore;
use std::future::Future;

impl Cache {
    /// A cache of its own, with memory in front of a [`MemoryStore`], both by one manual clock.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Cache, Policy};
    /// use std::time::Duration;
    ///
    /// let cache = Cache::in_memory();
    /// cache.set("answer", 42_u64, Policy::ttl(Duration::from_secs(60))).await?;
    /// cache.clock().advance(Duration::from_secs(59));
    /// assert_eq!(cache.get::<u64>("answer").await, Some(42));
    /// cache.clock().advance(Duration::from_secs(1));
    /// assert_eq!(cache.get::<u64>("answer").await, None);
    /// # Ok(()) }
    /// ```
    pub fn in_memory() -> Self {
        let clock = Clock::manual();
        let store = MemoryStore::with_clock(clock.clone());
        let built = Self::builder().clock(clock).store(store).build_unchecked();
        built.expect("the defaults are coherent")
    }
}

/// On which kind of runtime a test runs.
#[derive(Clone, Copy, Debug)]
pub enum Flavor {
    /// On the test's own thread.
    CurrentThread,
    /// On threads of its own.
    MultiThread {
        /// How many.
        workers: usize,
    },
}

/// Runs a test with a cache of its own, which the cached functions it calls find as the task's.
///
/// # Panics
/// If the test does, or no runtime can be made.
pub fn run<F: Future>(flavor: Flavor, test: impl FnOnce(Cache) -> F) -> F::Output {
    let mut builder = match flavor {
        Flavor::CurrentThread => tokio::runtime::Builder::new_current_thread(),
        Flavor::MultiThread { workers } => multi_thread(workers),
    };
    let runtime = builder.enable_all().build().expect("a runtime can be made");
    let cache = Cache::in_memory();
    runtime.block_on(cache.clone().scope(test(cache)))
}

fn multi_thread(workers: usize) -> tokio::runtime::Builder {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(workers.max(1));
    builder
}
