//! Entries in Redis, 6.0 or newer: on one server, on the primary that sentinels name, or on a cluster.
//!
//! A read is one `MGET` in each partition involved; whatever decides something is one Lua script there, so that it is
//! atomic. The keys are those of `docs/protocol.md`. What differs between one server and many is in `route.rs`.

mod address;
mod cluster;
mod connect;
mod deal;
mod faults;
mod frame;
mod invocation;
mod login;
mod names;
mod node;
mod place;
mod reach;
mod read;
mod read_many;
mod reply;
mod route;
mod scripts;
mod search;
mod sentinel;
mod server;
mod slots;
mod steps;
mod subscription;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "without_tls.rs"]
mod tls;
mod tracking;
mod wire;

use super::{
    Announce, Answer, Begin, Begun, Bump, Commit, Deadlines, Lease, Page, Position, Put, Read, Removal, Search, Settle,
    Snapshot, Store, Verdict,
};
use crate::bus::{Bus, RedisBus};
use crate::clock::Clock;
use crate::error::StoreError;
use crate::key::{Dependency, Key};
use crate::stamp::Partition;
use ::redis::RedisResult;
use address::Address;
pub(crate) use names::Names;
pub(crate) use node::CONNECT_DEADLINE;
pub(crate) use route::Route;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
pub(crate) use subscription::{PING, Subscription};
#[cfg(feature = "tls")]
pub use tls::Tls;
pub(crate) use tracking::Tracking;

/// The redis crate, for [`RedisStore::for_client`].
pub use ::redis as client;

/// What it is called in errors and metrics.
pub(crate) const NAME: &str = "redis";

/// A store on Redis; clones share its connections.
///
/// It needs a tokio runtime with time and I/O enabled. It may outlive the runtime, and connects again on another.
/// An operation that is dropped, or whose deadline passes, may still be performed by the server.
#[derive(Clone)]
pub struct RedisStore {
    route: Arc<Route>,
    clock: Clock,
    /// How many replicas an invalidation waits for.
    replicas: Arc<AtomicU8>,
    read_deadline: Duration,
    write_deadline: Duration,
    /// Whether who listens hears of what others do to entries behind the protocol's back.
    tracks: bool,
}

impl RedisStore {
    /// A store that is connected.
    ///
    /// | address | is |
    /// |---|---|
    /// | `redis://user:password@host:6379/db` | one server |
    /// | `unix:///path?db=0&pass=password` | one server, by its unix socket |
    /// | `redis+cluster://user:password@host1:6379,host2:6379` | a cluster, of which some nodes are named |
    /// | `redis+sentinel://user:password@host1:26379,host2:26379/name/db` | the primary that sentinels know by a name |
    /// | `rediss://…`, `rediss+cluster://…`, `rediss+sentinel://…` | the same over TLS (feature `tls`), for servers that the system's authorities vouch for |
    ///
    /// # Errors
    /// If the address does not parse, or the server cannot be reached, does not answer or does not let us in.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::lazy(url)?.connected().await
    }

    /// A store that connects when it is first used, so that a service starts while its server is down.
    ///
    /// # Errors
    /// If the address does not parse.
    pub fn lazy(url: &str) -> Result<Self, StoreError> {
        Ok(Self::at(address::parse(url, None)?))
    }

    /// A store that is connected over TLS, to a server that one of these authorities vouches for, or by this certificate.
    ///
    /// # Errors
    /// As [`connect`](Self::connect) and [`lazy_with_tls`](Self::lazy_with_tls).
    #[cfg(feature = "tls")]
    pub async fn connect_with_tls(url: &str, tls: &Tls) -> Result<Self, StoreError> {
        Self::lazy_with_tls(url, tls)?.connected().await
    }

    /// The same, which connects when it is first used.
    ///
    /// # Errors
    /// If the address does not parse or does not begin with `rediss`, or a file cannot be read or is not what it should be.
    #[cfg(feature = "tls")]
    pub fn lazy_with_tls(url: &str, tls: &Tls) -> Result<Self, StoreError> {
        Ok(Self::at(address::parse(url, Some(tls))?))
    }

    /// A store on the server that a client of the redis crate is made for, as `client.get_connection_info()` tells; it
    /// connects when it is first used. Version 1 of that crate is meant, which is in `cache_runtime::store::redis::client`.
    ///
    /// The store makes connections of its own: a connection that others may break, or write to, cannot tell which
    /// server it leads to.
    ///
    /// # Errors
    /// If it is made for TLS with certificates of its own, which it does not tell, or verifies none.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use cache_runtime::store::redis::{RedisStore, client};
    ///
    /// let yours = client::Client::open("redis://user:password@localhost:6379/3")?;
    /// let store = RedisStore::for_client(yours.get_connection_info())?;
    /// # drop(store);
    /// # Ok(()) }
    /// ```
    pub fn for_client(info: &client::ConnectionInfo) -> Result<Self, StoreError> {
        Ok(Self::at(address::of_client(info.clone())?))
    }

    async fn connected(self) -> Result<Self, StoreError> {
        self.route.connect().await.map_err(|error| self.route.error(&error))?;
        Ok(self)
    }

    fn at(address: Address) -> Self {
        Self {
            route: Arc::new(Route::new(address)),
            clock: Clock::system(),
            replicas: Arc::default(),
            read_deadline: Duration::from_millis(50),
            write_deadline: Duration::from_millis(100),
            tracks: false,
        }
    }

    /// Lets caches hear of what is done to their entries by whoever does not know the protocol: a `SET`, `DEL`, `EXPIRE` or
    /// `FLUSHALL` by hand. Their memory then asks the server for that entry; without this it goes on answering for the
    /// entry's TTL.
    ///
    /// It takes RESP3 (Redis 6.0 or newer, Valkey) for the connection on which a cache listens. If the server does not
    /// speak it, nothing is heard, the observer is told, and `max_staleness` holds by leases alone.
    /// The price: also what caches store themselves is told, so that memory reads an entry once more after each load.
    ///
    /// # Errors
    /// On a cluster, each server of which would have to be listened to.
    pub fn with_tracking(self) -> Result<Self, StoreError> {
        if self.route.partitions() > 1 {
            let problem = "a cluster does not track what is done to entries: leave out `with_tracking`".to_owned();
            return Err(StoreError::Address { problem });
        }
        Ok(Self { tracks: true, ..self })
    }

    /// How long a read may take, connecting included; 50 ms unless told.
    #[must_use]
    pub fn with_read_deadline(self, read_deadline: Duration) -> Self {
        Self { read_deadline, ..self }
    }

    /// How long anything else may take, connecting included; 100 ms unless told.
    #[must_use]
    pub fn with_write_deadline(self, write_deadline: Duration) -> Self {
        Self { write_deadline, ..self }
    }

    /// Ends an operation by its deadline. It is pinned where it was made: moved in here, it would be copied at every step,
    /// and what is boxed would be several times as large.
    async fn within<T>(
        &self,
        deadline: Duration,
        namespace: &str,
        operation: Pin<&mut impl Future<Output = RedisResult<T>>>,
    ) -> Result<T, StoreError> {
        let checked = async {
            if self.route.partitions() > 1 {
                Box::pin(self.route.check_count(namespace)).await?;
            }
            operation.await
        };
        match tokio::time::timeout(deadline, checked).await {
            Ok(answer) => answer.map_err(|error| self.route.error(&error)),
            Err(_) => Err(StoreError::Timeout { store: NAME, waited: deadline }),
        }
    }
}

impl Store for RedisStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn partitions(&self) -> u16 {
        self.route.partitions()
    }

    fn read<'a>(&'a self, namespace: &'a str, read: Read<'a>) -> Answer<'a, Snapshot> {
        if self.route.partitions() > 1 {
            return Box::pin(self.look_around(namespace, read));
        }
        Box::pin(self.look(namespace, read))
    }

    fn read_many<'a>(&'a self, namespace: &'a str, reads: &'a [Read<'a>]) -> Answer<'a, Vec<Snapshot>> {
        Box::pin(self.look_at_many(namespace, reads))
    }

    fn begin<'a>(&'a self, namespace: &'a str, begin: Begin<'a>) -> Answer<'a, Begun> {
        Box::pin(self.prepare(namespace, begin))
    }

    fn commit<'a>(&'a self, namespace: &'a str, commit: Commit<'a>) -> Answer<'a, Verdict> {
        Box::pin(self.keep(namespace, commit))
    }

    fn bump<'a>(&'a self, namespace: &'a str, dependencies: &'a [Dependency]) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.raise(namespace, dependencies))
    }

    fn remove<'a>(&'a self, namespace: &'a str, keys: &'a [Key]) -> Answer<'a, Removal> {
        Box::pin(self.take_away(namespace, keys))
    }

    fn put<'a>(&'a self, namespace: &'a str, put: Put<'a>) -> Answer<'a, Bump> {
        Box::pin(self.set(namespace, put))
    }

    fn clear<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.forget(namespace))
    }

    fn search<'a>(&'a self, namespace: &'a str, search: Search<'a>) -> Answer<'a, Page> {
        Box::pin(self.page(namespace, search))
    }

    fn doubt<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.step_everywhere(namespace))
    }

    fn announce<'a>(&'a self, namespace: &'a str, announce: Announce<'a>) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.note(namespace, announce))
    }

    fn settle<'a>(&'a self, namespace: &'a str, settle: Settle<'a>) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.withdraw(namespace, settle))
    }

    fn extend<'a>(&'a self, namespace: &'a str, key: &'a Key, lease: Lease) -> Answer<'a, bool> {
        Box::pin(self.renew(namespace, key, lease))
    }

    fn release<'a>(&'a self, namespace: &'a str, key: &'a Key, holder: u64) -> Answer<'a, ()> {
        Box::pin(self.give_back(namespace, key, holder))
    }

    fn positions<'a>(&'a self, namespace: &'a str, partitions: &'a [Partition]) -> Answer<'a, Vec<Position>> {
        Box::pin(self.stand(namespace, partitions))
    }

    fn bus(&self) -> Option<Arc<dyn Bus>> {
        Some(Arc::new(RedisBus { route: self.route.clone(), tracks: self.tracks }))
    }

    fn deadlines(&self) -> Option<Deadlines> {
        Some(Deadlines { read: self.read_deadline, write: self.write_deadline })
    }

    fn server_of(&self, partition: Partition) -> Option<Arc<str>> {
        self.route.server_of(partition)
    }

    /// Holds for all clones. The replicas are those of each server that performs a part of the invalidation.
    fn wait_for_replicas(&self, replicas: u8) -> bool {
        self.replicas.store(replicas, Ordering::Relaxed);
        true
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("address", &self.route.address()).finish_non_exhaustive()
    }
}

/// All answers, or the first error among them.
fn first_error<T>(answers: Vec<RedisResult<T>>) -> RedisResult<Vec<T>> {
    answers.into_iter().collect()
}
