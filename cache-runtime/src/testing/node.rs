//! Several nodes in one process, on one store and one bus, each with a memory of its own.

use super::faulty::FaultyStore;
use crate::bus::Message;
use crate::cache::{Builder, Cache};
use crate::clock::Clock;
use crate::error::Error;
use crate::store::MemoryStore;
use crate::token::Token;

/// One process's worth of cache: its own memory, and its own connection to a store and bus that it shares with others.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// use cache_runtime::testing::Node;
/// use cache_runtime::{Call, cached, with};
///
/// #[cached(key = "answer", ttl = 60, tags = ["answers"])]
/// async fn answer() -> u64 {
///     42
/// }
///
/// let [ada, bob] = Node::several().await?;
/// ada.run(answer()).await;
/// bob.run(answer()).await;
/// assert_eq!(bob.cache().stats().l2_hits, 1);
/// let token = ada.cache().invalidate_tag("answers").await?;
/// while !bob.has_heard_of(&token) {
///     Node::settle().await;
/// }
/// bob.run(answer()).await;
/// assert_eq!(bob.cache().stats().loads, 1, "it heard of it");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Node {
    cache: Cache,
    store: FaultyStore,
}

impl Node {
    /// Nodes on one store in memory, by one manual clock.
    ///
    /// # Errors
    /// As [`several_with`](Self::several_with).
    pub async fn several<const N: usize>() -> Result<[Self; N], Error> {
        Self::several_with(|builder| builder).await
    }

    /// The same, each built with what `configure` adds.
    ///
    /// # Errors
    /// If what is added contradicts itself.
    pub async fn several_with<const N: usize>(configure: impl Fn(Builder) -> Builder) -> Result<[Self; N], Error> {
        let clock = Clock::manual();
        let shared = MemoryStore::with_clock(clock.clone());
        Self::on(|| FaultyStore::new(shared.clone()), |builder| configure(builder.clock(clock.clone()))).await
    }

    /// Nodes each with the store that `store` makes, which has to be the same behind its faults.
    ///
    /// # Errors
    /// If what `configure` adds contradicts itself.
    pub async fn on<const N: usize>(
        store: impl Fn() -> FaultyStore,
        configure: impl Fn(Builder) -> Builder,
    ) -> Result<[Self; N], Error> {
        let mut nodes = Vec::with_capacity(N);
        for _ in 0..N {
            let store = store();
            let cache = configure(Cache::builder()).store(store.clone()).build_unchecked()?;
            nodes.push(Self { cache, store });
        }
        Self::settle().await;
        Ok(nodes.try_into().unwrap_or_else(|_| unreachable!("as many as were pushed")))
    }

    /// Its cache.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Its connection to the store, which can be told to fail, to wait and to lose messages.
    pub fn store(&self) -> &FaultyStore {
        &self.store
    }

    /// Its clock, which may be the others' as well.
    pub fn clock(&self) -> &Clock {
        self.cache.clock()
    }

    /// Runs a future on this node: the cached functions that it calls use its cache.
    pub fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.cache.clone().scope(future)
    }

    /// Whether this node has taken account of everything up to what a token stands for, be it that it heard of it or that
    /// it noticed having missed it.
    pub fn has_heard_of(&self, token: &Token) -> bool {
        self.cache.has_applied(token)
    }

    /// Hears a message as if it had come over the bus, for tests that have no runtime to listen on.
    pub fn hear(&self, message: &Message) {
        self.cache.heard(message);
    }

    /// Sets whether this node takes it that messages are heard, for such tests.
    pub fn set_listening(&self, is_listening: bool) {
        self.cache.space.set_listening(is_listening);
    }

    /// Beats once, as it would a quarter of the bound after the last time.
    pub async fn beat(&self) {
        self.cache.beat().await;
    }

    /// Lets every task of a current-thread runtime go on until it waits for something that does not come by itself.
    pub async fn settle() {
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("cache", &self.cache).finish_non_exhaustive()
    }
}
