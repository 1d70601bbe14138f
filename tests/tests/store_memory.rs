//! The store in memory does what every store has to.

use cache_runtime::store::MemoryStore;

cache_runtime::store_suite!(async { MemoryStore::new() });
