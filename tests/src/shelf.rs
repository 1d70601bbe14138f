//! A store under test, the nodes on it, and what it loses: the same in memory, on a real Redis and on a cluster.

use crate::caches::{Over, fresh_namespace, overs, redis_store, redis_url};
use cache_runtime::key::{Key, MAX_NAME_BYTES};
use cache_runtime::store::Store;
use cache_runtime::testing::FaultyStore;
use cache_runtime::{Cache, Clock, L1, MemoryStore};

/// A store with a namespace of its own, which fails, waits and forgets on request.
pub struct Shelf {
    /// Which store.
    pub over: Over,
    /// The store.
    pub store: FaultyStore,
    /// The time of its nodes.
    pub clock: Clock,
    memory: MemoryStore,
    namespace: String,
}

/// Runs a test on a store in memory and on a real Redis, or on a cluster: see [`CLUSTER`](crate::CLUSTER).
pub async fn on_stores(test: impl AsyncFn(Shelf)) {
    for over in overs().iter().copied().filter(|over| *over != Over::Nothing) {
        eprintln!("over {over:?}");
        let clock = Clock::manual();
        let memory = MemoryStore::with_clock(clock.clone());
        let store = match over {
            Over::Redis | Over::Cluster => FaultyStore::new(redis_store().await),
            Over::Nothing | Over::Memory => FaultyStore::new(memory.clone()),
        };
        test(Shelf { over, store, clock, memory, namespace: fresh_namespace() }).await;
    }
}

impl Shelf {
    /// One more cache on this store, with a memory of its own.
    pub async fn node(&self) -> Cache {
        self.with(L1::default()).await
    }

    /// The same without a memory.
    pub async fn node_without_memory(&self) -> Cache {
        self.with(L1::off()).await
    }

    async fn with(&self, memory: L1) -> Cache {
        let builder = Cache::builder().clock(self.clock.clone()).namespace(self.namespace.clone()).l1(memory);
        builder.store(self.store.clone()).build().await.expect("these tests do not contradict each other")
    }

    /// Loses the generation of a dependency or the fence of a key, as a server does that evicts for room.
    pub fn evict(&self, what: &str) {
        match self.over {
            Over::Redis | Over::Cluster => self.delete(what, &["g", "f"]),
            Over::Nothing | Over::Memory => self.memory.evict(&self.namespace, what),
        }
    }

    /// Loses all that it knows of a name and of its partition: what a server that restarts empty knows of it.
    pub fn forget(&self, what: &str) {
        match self.over {
            Over::Redis | Over::Cluster => {
                self.delete(what, &["g", "f", "e", "l"]);
                self.command(&["DEL", &format!("{}m", self.prefix(what))]);
            }
            Over::Nothing | Over::Memory => self.memory.lose_everything(),
        }
    }

    fn delete(&self, what: &str, kinds: &[&str]) {
        for kind in kinds {
            self.command(&["DEL", &format!("{}{kind}:{what}", self.prefix(what))]);
        }
    }

    /// What the names of a partition begin with, as docs/reference/store-layout.md has it.
    fn prefix(&self, what: &str) -> String {
        let partition = Key::new(&self.namespace, what.to_owned(), MAX_NAME_BYTES).partition(self.store.partitions());
        format!("{}:{{p{}}}:", self.namespace, partition.0)
    }

    /// Asks the server that has the name, which another one knows.
    fn command(&self, words: &[&str]) {
        let mut at = redis_url();
        loop {
            let client = redis::Client::open(at.as_str()).expect("an address");
            let mut connection = client.get_connection().expect("it runs");
            let (name, rest) = words.split_first().expect("there is a command");
            match redis::cmd(name).arg(rest).query::<redis::Value>(&mut connection) {
                Ok(_) => return,
                Err(error) => {
                    let (address, _) = error.redirect_node().unwrap_or_else(|| panic!("{words:?}: {error}"));
                    at = format!("redis://{address}");
                }
            }
        }
    }
}
