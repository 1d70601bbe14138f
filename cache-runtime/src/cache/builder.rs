//! Building a cache, and refusing to build one that contradicts itself.

use super::advice::{Setup, advice};
use super::cells::Cells;
use super::recover::{Queue, Recovery};
use super::secrecy::{self, SecretKey};
use super::shared::{Settings, Shared, Space};
use super::wakes::Wakes;
use super::{Cache, l1};
use crate::clock::{Clock, whole_ms};
use crate::codec::AnyCodec;
use crate::error::Error;
use crate::flight::Flights;
use crate::key::MAX_NAME_BYTES;
use crate::packing::Packing;
use crate::policy::{L1, Policy};
use crate::registry;
use crate::store::{BreakerChange, Guarded, Resilience, Store};
use crate::telemetry::{Counters, Meters, NameOf, Notice, Observers, Watchers};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a cache is made of.
///
/// Defaults: 256 MB of memory, no store, no default TTL, the build's first codec, one second of staleness on other nodes,
/// values up to 32 MiB, names up to 256 bytes, and of [`Resilience`] what it says.
#[must_use]
pub struct Builder {
    namespace: String,
    l1: L1,
    store: Option<Arc<dyn Store>>,
    clock: Clock,
    pub(super) observers: Observers,
    pub(super) watchers: Watchers,
    pub(super) metrics_by: Option<Box<NameOf>>,
    defaults: Policy,
    configured: HashMap<String, Policy>,
    codec: AnyCodec,
    max_staleness: Duration,
    wait_replicas: u8,
    resilience: Resilience,
    recovery: Option<Recovery>,
    packing: Packing,
    max_value_bytes: usize,
    max_key_bytes: usize,
    enabled: bool,
    secret_key: Option<SecretKey>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            namespace: String::new(),
            l1: L1::default(),
            store: None,
            clock: Clock::system(),
            observers: Observers::default(),
            watchers: Watchers::default(),
            metrics_by: None,
            defaults: Policy::default(),
            configured: HashMap::new(),
            codec: AnyCodec::first(),
            max_staleness: Duration::from_secs(1),
            wait_replicas: 0,
            resilience: Resilience::default(),
            recovery: None,
            packing: Packing::default(),
            max_value_bytes: 32 << 20,
            max_key_bytes: MAX_NAME_BYTES,
            enabled: true,
            secret_key: None,
        }
    }

    /// The prefix of everything in the store: letters, digits, `_`, `-` and `.`.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// How much the process's memory may hold.
    pub fn l1(mut self, l1: L1) -> Self {
        self.l1 = l1;
        self
    }

    /// The store behind memory.
    pub fn store(self, store: impl Store) -> Self {
        self.shared_store(Arc::new(store))
    }

    /// A store that others use as well.
    pub fn shared_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// What holds where neither the attribute nor the configuration has an opinion.
    pub fn defaults(mut self, defaults: Policy) -> Self {
        self.defaults = defaults;
        self
    }

    /// What holds for one function, by its name, over its attribute. Opinions on one name add up.
    pub fn configure(mut self, name: impl Into<String>, policy: Policy) -> Self {
        let known = self.configured.entry(name.into()).or_default();
        *known = known.overlaid_by(&policy);
        self
    }

    /// The codec of functions that do not choose their own. Entries of another codec are misses.
    pub fn codec(mut self, codec: impl Into<AnyCodec>) -> Self {
        self.codec = codec.into();
        self
    }

    /// Makes what goes to the store smaller. What is there already is read, compressed or not.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Cache, Compress, MemoryStore};
    ///
    /// let builder = Cache::builder().store(MemoryStore::new());
    /// builder.compress(Compress::Zstd { above: 4096 }).build().await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "compression")]
    pub fn compress(mut self, compress: crate::Compress) -> Self {
        self.packing.compress = Some(compress);
        self
    }

    /// Encrypts what goes to the store, values and not names, and believes nothing there that is not encrypted with a key
    /// of this ring, for this very entry: what somebody else wrote, altered or moved there is a miss.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Cache, Keyring, MemoryStore};
    ///
    /// # let key_from_a_vault = [7; 32];
    /// let builder = Cache::builder().store(MemoryStore::new());
    /// builder.encrypt(Keyring::new(1, key_from_a_vault)).build().await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "encryption")]
    pub fn encrypt(mut self, keyring: crate::Keyring) -> Self {
        self.packing.keyring = Some(keyring);
        self
    }

    /// Acknowledges an invalidation only when so many replicas of the store have it, and makes it an error where they do
    /// not within the store's deadline; by default none. With as many as there are, a failover to any of them
    /// loses no acknowledged invalidation.
    ///
    /// # Errors
    /// `build` fails if there is no store, or one that has no replicas to wait for.
    pub fn wait_replicas(mut self, replicas: u8) -> Self {
        self.wait_replicas = replicas;
        self
    }

    /// What is done about a store that is slow or away: deadlines, retries, breakers, and how many operations may be under
    /// way. [`Resilience`] says what holds by default, and [`Resilience::off`] does without.
    pub fn resilience(mut self, resilience: Resilience) -> Self {
        self.resilience = resilience;
        self
    }

    /// Keeps invalidations that the store does not perform until it does, instead of returning an error: `emit`, the tags,
    /// `remove` and `clear` are accepted then, with a token that [says so](crate::Token::is_queued).
    ///
    /// From then on this node answers from the source whatever depends on them; other nodes hear of them when they have
    /// been performed. What is queued is in this process only: [`Cache::shutdown`] waits for it, and a crash loses it.
    /// [`Cache::announce`] is for writes that no crash may undo. Needs a tokio runtime.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::testing::{FaultyStore, Operation};
    /// use cache_runtime::{Cache, MemoryStore, Recovery};
    /// use std::time::Duration;
    ///
    /// let store = FaultyStore::new(MemoryStore::new());
    /// let cache = Cache::builder().store(store.clone()).recovery(Recovery::default()).build().await?;
    /// store.fail(Operation::Bump);
    /// assert!(cache.invalidate_tag("guild:42").await?.is_queued());
    /// store.heal();
    /// cache.shutdown(Duration::from_secs(5)).await;
    /// assert_eq!(cache.stats().invalidations_replayed, 1);
    /// # Ok(()) }
    /// ```
    pub fn recovery(mut self, recovery: Recovery) -> Self {
        self.recovery = Some(recovery);
        self
    }

    /// How long this node may go on serving from memory after another node's invalidation was acknowledged, if it hears
    /// nothing of it. Shorter costs a round trip more often.
    pub fn max_staleness(mut self, max_staleness: Duration) -> Self {
        self.max_staleness = max_staleness;
        self
    }

    /// Where the time comes from.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The largest value that is kept, encoded; larger ones are served and counted.
    pub fn max_value_bytes(mut self, bytes: usize) -> Self {
        self.max_value_bytes = bytes;
        self
    }

    /// The longest key that stands as text; a longer one keeps its head and ends in a hash. From 64 to 8192 bytes.
    pub fn max_key_bytes(mut self, bytes: usize) -> Self {
        self.max_key_bytes = bytes;
        self
    }

    /// The key of the keyed hashes that stand in names for what is `#[key(secret)]`: at least 16 bytes, random, and the same
    /// on every node that shares a store. Another key makes what depends on secrets other entries.
    ///
    /// Without one a key is drawn at random, which is enough for memory. It is one key a process: build the cache before
    /// the first secret is written, and give every cache of the process the same.
    ///
    /// # Errors
    /// `build` fails if it is shorter, if this process uses another already, or if there is none, something in the program
    /// is secret, and the store is shared with other processes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// use cache_runtime::{Cache, key};
    ///
    /// # let key_from_a_vault = [7; 32];
    /// let cache = Cache::builder().secret_key(key_from_a_vault).build().await?;
    /// let token = key::encode(&key::secret("hunter2"));
    /// cache.remove(&format!("session:{token}")).await?;
    /// # Ok(()) }
    /// ```
    pub fn secret_key(self, key: impl AsRef<[u8]>) -> Self {
        self.secret_key_from(key, "secret_key")
    }

    pub(crate) fn secret_key_from(mut self, key: impl AsRef<[u8]>, from: &str) -> Self {
        self.secret_key = Some(SecretKey { key: key.as_ref().to_vec(), from: from.to_owned() });
        self
    }

    /// Whether it caches from the start; see [`Cache::set_enabled`].
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// The cache. What it was told and is hardly meant, such as a Redis without a namespace, it tells the observers once.
    ///
    /// # Errors
    /// If an option says what cannot be, or the cached functions and events of this program contradict each other: two
    /// functions of one name, keys that can be equal for values of different types, events that cascade in a circle.
    pub async fn build(self) -> Result<Cache, Error> {
        let problems = registry::problems();
        if !problems.is_empty() {
            return Err(Error::Registry(problems));
        }
        self.build_unchecked()
    }

    /// The cache, whatever the program's functions and events say of each other.
    pub(crate) fn build_unchecked(self) -> Result<Cache, Error> {
        self.check()?;
        // Last of all, for it makes the key the process's.
        secrecy::settle(self.secret_key.as_ref(), self.store.as_deref())?;
        let advice = self.advice();
        let counters = Counters::default();
        let meters = Arc::new(Meters::new(self.metrics_by));
        let watchers = Arc::new(self.watchers);
        let l1 = l1::Entries::new(self.l1, meters.clone(), watchers.clone(), self.clock.clone());
        let observers = Arc::new(self.observers);
        let guard = self.store.map(|store| guarded(store, self.resilience, &self.clock, observers.clone()));
        let store = guard.clone().map(|guard| Arc::new(guard) as Arc<dyn Store>);
        let space = Arc::new(Space::new(self.namespace, 0, store.as_ref()));
        let settings = Settings {
            defaults: self.defaults,
            configured: self.configured,
            codec: self.codec,
            lease_ms: whole_ms(self.max_staleness),
            max_value_bytes: self.max_value_bytes,
            max_key_bytes: self.max_key_bytes,
        };
        let shared = Shared {
            l1,
            flights: Flights::new(),
            wakes: Wakes::new(),
            cells: Cells::new(),
            store,
            guard,
            queue: Queue::new(self.recovery),
            packing: self.packing.within(self.max_value_bytes),
            clock: self.clock,
            settings,
            counters,
            meters,
            watchers,
            echoes: Default::default(),
            clones: Default::default(),
            observers,
            policies: Default::default(),
            spaces: Default::default(),
            listeners: Default::default(),
            tasks: Default::default(),
            ahead: Default::default(),
            ticks: Default::default(),
            enabled: AtomicBool::new(self.enabled),
            closed: AtomicBool::new(false),
        };
        let cache = Cache { shared: Arc::new(shared), space };
        cache.listen();
        advice.iter().for_each(|problem| cache.tell(&Notice::Misconfigured { problem }));
        Ok(cache)
    }

    fn advice(&self) -> Vec<String> {
        let setup = Setup {
            namespace: &self.namespace,
            l1: self.l1,
            store: self.store.as_deref(),
            max_staleness: self.max_staleness,
            defaults: &self.defaults,
            configured: &self.configured,
            queues: self.recovery.is_some(),
            packs: self.packing.is_on(),
        };
        advice(&setup)
    }

    fn check(&self) -> Result<(), Error> {
        if !self.namespace.is_empty() {
            check_namespace("namespace", &self.namespace)?;
        }
        if !(64..=8_192).contains(&self.max_key_bytes) {
            return wrong("max_key_bytes", "it should be from 64, 41 of them for a hash, to 8192");
        }
        if self.wait_replicas > 0
            && !self.store.as_ref().is_some_and(|store| store.wait_for_replicas(self.wait_replicas))
        {
            return wrong("wait_replicas", "this cache has no store whose replicas could be waited for");
        }
        let configured = self.configured.iter().map(|(name, policy)| (format!("configure(`{name}`)"), policy));
        for (place, policy) in configured.chain([("defaults".to_owned(), &self.defaults)]) {
            if let Some(mistake) = policy.mistakes().first() {
                return wrong(&place, mistake);
            }
        }
        if self.max_staleness.is_zero() {
            return wrong("max_staleness", "zero would make every entry in memory doubtful; use `L1::off()` instead");
        }
        Ok(())
    }
}

fn guarded(store: Arc<dyn Store>, resilience: Resilience, clock: &Clock, observers: Arc<Observers>) -> Guarded {
    let tell = move |change: &BreakerChange<'_>| {
        observers.tell(&Notice::Breaker { store: change.store, server: change.server, state: change.state });
    };
    Guarded::telling(store, resilience, clock.clone(), tell)
}

pub(crate) fn check_namespace(what: &str, name: &str) -> Result<(), Error> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || !name.chars().all(fits) {
        return wrong(what, &format!("`{name}` should be of letters, digits, `_`, `-` and `.`, at least one"));
    }
    Ok(())
}

fn wrong<T>(name: &str, problem: &str) -> Result<T, Error> {
    Err(Error::Configuration { name: name.to_owned(), problem: problem.to_owned() })
}
