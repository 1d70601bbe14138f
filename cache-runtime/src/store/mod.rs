//! Where entries live outside the process: the operations of the invalidation protocol, and who performs them.
//!
//! A store knows keys, dependencies, stamps and bytes. It does not know values, policies or events, and it never retries.

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
mod guarded;
mod memory;
#[cfg(feature = "redis")]
pub mod redis;
mod search;

pub use crate::breaker::{Breaker, BreakerState};
pub(crate) use guarded::{Asking, as_one_call, as_same_call, forgive};
pub use guarded::{BreakerChange, Deadlines, Guarded, Resilience};
pub use memory::MemoryStore;
pub use search::{Cursor, Page, Search};

use crate::bus::Bus;
use crate::error::StoreError;
use crate::key::{Dependency, Key};
use crate::stamp::{Partition, Stamp};
use bytes::Bytes;
use futures_util::future::join_all;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A future of a store's answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The port to a store. `docs/protocol.md` says what each operation has to guarantee; `store_suite!` checks it.
///
/// Every operation is atomic in each partition it touches, and ends by a deadline: the store's own, or that of the guard
/// which a cache puts around it ([`Guarded`]).
/// `namespace` separates caches that share a server: nothing done in one is seen in another.
pub trait Store: Send + Sync + 'static {
    /// What it is called in errors and metrics.
    fn name(&self) -> &'static str;

    /// How many partitions it has; fixed for its life.
    fn partitions(&self) -> u16 {
        1
    }

    /// Reads an entry and all that decides whether it is valid, in one round trip.
    ///
    /// What is read of a partition is of one moment, or its stamp is read first, then the generations, and the entry last:
    /// a stamp that is newer than the entry would vouch for one that was removed in between. Partitions may be read at
    /// different moments.
    fn read<'a>(&'a self, namespace: &'a str, read: Read<'a>) -> Answer<'a, Snapshot>;

    /// Reads several entries, each with all that decides whether it is valid, in as few round trips as it can: one in each
    /// partition. The answers are in the order of the questions.
    fn read_many<'a>(&'a self, namespace: &'a str, reads: &'a [Read<'a>]) -> Answer<'a, Vec<Snapshot>> {
        let all = join_all(reads.iter().map(|read| self.read(namespace, *read)));
        Box::pin(async move { all.await.into_iter().collect() })
    }

    /// Prepares a load: makes the generations that are absent, makes or joins the key's fence, takes the key's lease if one
    /// is asked for and nobody else has it, returns the stamps.
    ///
    /// A lease is refused nobody for good: one that has run out is free. Its holder may ask again, and is given it again.
    /// Whoever takes it is told in the same step whether there is an entry. While a write to a dependency is announced none
    /// is taken, for the load is not kept.
    fn begin<'a>(&'a self, namespace: &'a str, begin: Begin<'a>) -> Answer<'a, Begun>;

    /// Stores a loaded entry unless something overtook the load or its lease was lost. The fence goes with it, and so does
    /// the lease, whose waiters are told. If it is refused, the lease is left to [`release`](Self::release).
    fn commit<'a>(&'a self, namespace: &'a str, commit: Commit<'a>) -> Answer<'a, Verdict>;

    /// Invalidates everything that depends on any of these.
    fn bump<'a>(&'a self, namespace: &'a str, dependencies: &'a [Dependency]) -> Answer<'a, Vec<Bump>>;

    /// Removes entries and refuses the loads of their keys that are under way.
    fn remove<'a>(&'a self, namespace: &'a str, keys: &'a [Key]) -> Answer<'a, Removal>;

    /// Stores an entry whatever is there, or removes what is there if the fence that it goes by has fallen; and refuses the
    /// loads of its key that are under way.
    fn put<'a>(&'a self, namespace: &'a str, put: Put<'a>) -> Answer<'a, Bump>;

    /// Begins a new epoch in every partition: all entries of the namespace are invalid.
    fn clear<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>>;

    /// Announces a write that is about to be committed elsewhere: until the writer settles it or the announcement ends,
    /// nothing that depends on any of these is valid, and no load of it may be kept.
    fn announce<'a>(&'a self, namespace: &'a str, announce: Announce<'a>) -> Answer<'a, Vec<Bump>>;

    /// Withdraws a writer's announcements of these, and invalidates everything that depends on any of them.
    fn settle<'a>(&'a self, namespace: &'a str, settle: Settle<'a>) -> Answer<'a, Vec<Bump>>;

    /// Renews a lease, so that it lives for `life_ms` from now; false if its holder has lost it, even if nobody else has it.
    /// A store without leases says false.
    fn extend<'a>(&'a self, _namespace: &'a str, _key: &'a Key, _lease: Lease) -> Answer<'a, bool> {
        Box::pin(std::future::ready(Ok(false)))
    }

    /// Gives a lease back if it still is its holder's, and tells those who wait for it. Another's is left alone.
    fn release<'a>(&'a self, _namespace: &'a str, _key: &'a Key, _holder: u64) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Looks for names, a page at a time, among all that it holds: what such a search costs grows with that.
    ///
    /// A name is on one of the pages if it was there from before the first was asked for until after the last was
    /// answered. Unlike everything else here, it is no part of the protocol; a store without it says so.
    fn search<'a>(&'a self, _namespace: &'a str, _search: Search<'a>) -> Answer<'a, Page> {
        Box::pin(std::future::ready(Err(StoreError::Unsupported { store: self.name(), operation: "search" })))
    }

    /// Takes a step in every partition without saying what it invalidates, which is nothing: whatever nodes keep in memory,
    /// they ask about before they answer with it.
    fn doubt<'a>(&'a self, _namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        Box::pin(std::future::ready(Err(StoreError::Unsupported { store: self.name(), operation: "doubt" })))
    }

    /// Where partitions stand; none for one without a history yet.
    fn positions<'a>(&'a self, namespace: &'a str, partitions: &'a [Partition]) -> Answer<'a, Vec<Position>>;

    /// Where it tells of its steps; none if it tells nobody.
    ///
    /// Bumps, removals, puts, announcements and settlements are published in the same atomic step, and so are a new epoch
    /// and a lease that is given back.
    fn bus(&self) -> Option<Arc<dyn Bus>> {
        None
    }

    /// The deadlines by which it ends operations by itself; none if it does not, and whoever uses it has to.
    fn deadlines(&self) -> Option<Deadlines> {
        None
    }

    /// Which server has a partition, by a name of its own, as far as is known without asking anybody. Partitions of one
    /// server fail together. None if there is but one server, or nobody knows.
    fn server_of(&self, _partition: Partition) -> Option<Arc<str>> {
        None
    }

    /// From now on acknowledges invalidations only when so many replicas have them; tells whether it can do so.
    fn wait_for_replicas(&self, _replicas: u8) -> bool {
        false
    }
}

/// A partition and its stamp, or none if it has no history yet.
pub type Position = (Partition, Option<Stamp>);

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// The entry's key.
    pub key: &'a Key,
    /// Its dependencies.
    pub dependencies: &'a [Dependency],
    /// How much of the entry is wanted.
    pub want: Want,
}

/// How much of an entry is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// All of it.
    Whole,
    /// The first bytes, enough to tell whether it is still the same.
    Head(usize),
}

/// What was read. Its partitions need not be of one moment: an invalidation that fell between them was concurrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The entry's bytes, as much as was wanted.
    pub entry: Option<Bytes>,
    /// The stamp of each partition involved, or none if it has no history yet.
    pub partitions: Vec<Position>,
    /// The generation of each dependency, in their order.
    pub generations: Vec<Option<Stamp>>,
}

/// What is about to be loaded.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// The entry's key.
    pub key: &'a Key,
    /// Its dependencies.
    pub dependencies: &'a [Dependency],
    /// How long its generations have to live: longer than the entry can.
    pub generation_life_ms: u64,
    /// How long the load may take.
    pub fence_life_ms: u64,
    /// The lease to take with it, if one caller only is to load across processes.
    pub lease: Option<Lease>,
    /// How many of the first bytes of the entry are to be told with a lease that is taken.
    pub head: usize,
}

/// The right to load a key that one caller has across processes, for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// A random name of the caller, other for each load; not zero.
    pub holder: u64,
    /// For how long it is taken, in milliseconds by the store's clock; not zero.
    pub life_ms: u64,
}

/// What became of the lease that a load was to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leased {
    /// None was asked for, or the store has none: nobody is kept from loading.
    #[default]
    Nobody,
    /// It was taken. The commit is refused if it is lost by then.
    Taken,
    /// Somebody else has it, for so many milliseconds more at least unless it is given back.
    Other {
        /// At most its whole life.
        left_ms: u64,
    },
}

/// A load that may be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The stamp of each partition involved, from before the load.
    pub stamps: Vec<(Partition, Stamp)>,
    /// The fence that has to stand when the load is committed.
    pub fence: u64,
    /// Whether a writer has announced a write to something it depends on: what is loaded must not be kept then.
    pub is_dirty: bool,
    /// What became of the lease.
    pub leased: Leased,
    /// If it was taken, the first bytes of the entry that was there at that moment: who had the lease before may have
    /// stored it after this caller has looked.
    pub entry: Option<Bytes>,
}

/// A write that is about to be committed elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Announce<'a> {
    /// What it changes.
    pub dependencies: &'a [Dependency],
    /// A random name of the writer.
    pub writer: u64,
    /// How long the announcement holds if the writer dies, by the store's clock.
    pub life_ms: u64,
}

/// A write that was committed, or given up.
#[derive(Clone, Copy, Debug)]
pub struct Settle<'a> {
    /// What was announced.
    pub dependencies: &'a [Dependency],
    /// Who announced it.
    pub writer: u64,
}

/// A loaded entry.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// The entry's key.
    pub key: &'a Key,
    /// Its dependencies.
    pub dependencies: &'a [Dependency],
    /// What `begin` returned.
    pub begun: &'a Begun,
    /// The entry.
    pub bytes: &'a [u8],
    /// How long it is kept, in milliseconds; not zero.
    pub life_ms: u64,
    /// Who holds the key's lease, if one was taken: the entry is stored only if it is still held, and gives it back.
    pub holder: Option<u64>,
}

/// Whether a loaded entry was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was.
    Stored,
    /// The fence is gone or another's: the key was removed or set, another load was kept, or this one took too long. Or
    /// the lease was lost.
    Fenced,
    /// A dependency was invalidated after the load began.
    Overtaken,
    /// The partition's history is another one.
    Forgotten,
}

/// An entry to store unconditionally.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    /// The entry's key.
    pub key: &'a Key,
    /// The entry, stamped by a `begin` before.
    pub bytes: &'a [u8],
    /// How long it is kept, in milliseconds; not zero.
    pub life_ms: u64,
    /// The fence that has to stand, of a write that others may have overtaken; none to store it whatever happened.
    pub fence: Option<u64>,
}

/// One step of a partition's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bump {
    /// Where.
    pub partition: Partition,
    /// The stamp after it.
    pub stamp: Stamp,
}

/// What a removal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// How many of the keys had an entry.
    pub existed: usize,
    /// The step of each partition involved.
    pub bumps: Vec<Bump>,
}
