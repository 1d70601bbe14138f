//! A store in this process, with the semantics of the others: for tests, and for several caches that share one.
//!
//! Its entries live until they expire; it is not bounded by size.

mod lives;
mod partition;

use super::{
    Announce, Answer, Begin, Begun, Bump, Commit, Cursor, Deadlines, Lease, Leased, Page, Position, Put, Read, Removal,
    Search, Settle, Snapshot, Store, Verdict, Want,
};
use crate::bus::{Bus, Heard, LocalBus, Message};
use crate::clock::Clock;
use crate::key::{Dependency, Key, Name};
use crate::stamp::Partition;
use bytes::Bytes;
use partition::Held;
use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store in memory; clones share their content.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    clock: Clock,
    count: u16,
    spaces: Arc<Mutex<HashMap<String, Space>>>,
    bus: LocalBus,
}

/// The partitions of one namespace.
#[derive(Debug)]
struct Space(Vec<Held>);

impl MemoryStore {
    /// An empty store that lives by the system's clock.
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// An empty store that lives by this clock.
    pub fn with_clock(clock: Clock) -> Self {
        Self { clock, count: 1, spaces: Arc::default(), bus: LocalBus::default() }
    }

    /// The same, empty, with so many partitions, as a cluster has; at least one.
    #[must_use]
    pub fn with_partitions(self, count: u16) -> Self {
        Self { count: count.max(1), spaces: Arc::default(), ..self }
    }

    /// Loses everything, as a server does that restarts empty.
    pub fn lose_everything(&self) {
        self.lock().clear();
    }

    /// Loses what it knows of one dependency, fence or lease, as a server does that evicts for room.
    ///
    /// `what` is the text of a dependency or key.
    pub fn evict(&self, namespace: &str, what: &str) {
        self.within(namespace, |space, _| space.of(Partition::of(what, self.count)).evict(what));
    }

    /// How many entries, generations, fences, leases and announcements it holds, expired ones included until they are swept.
    pub fn len(&self) -> usize {
        self.lock().values().flat_map(|space| &space.0).map(Held::len).sum()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Replaces the bytes of an entry, as somebody who does not know the protocol might.
    pub fn overwrite(&self, namespace: &str, key: &str, bytes: Bytes) {
        self.within(namespace, |space, now_ms| {
            space.of(Partition::of(key, self.count)).overwrite(key, bytes, now_ms);
        });
    }

    /// The bytes of an entry.
    pub fn bytes(&self, namespace: &str, key: &str) -> Option<Bytes> {
        self.within(namespace, |space, now_ms| space.of(Partition::of(key, self.count)).entry(key, now_ms))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Space>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn within<T>(&self, namespace: &str, act: impl FnOnce(&mut Space, u64) -> T) -> T {
        let now_ms = self.clock.now_ms();
        let mut spaces = self.lock();
        match spaces.get_mut(namespace) {
            Some(space) => act(space, now_ms),
            None => act(spaces.entry(namespace.to_owned()).or_insert_with(|| Space::new(self.count)), now_ms),
        }
    }

    /// Takes a step in each partition that some names belong to, and tells of it before another can be taken, so that the
    /// messages of a partition come in their order.
    fn step<'n>(
        &self,
        namespace: &str,
        names: &'n [Name],
        mut act: impl FnMut(&mut Held, &[&'n Name], u64),
    ) -> Vec<Bump> {
        self.within(namespace, |space, now_ms| {
            let mut bumps = Vec::new();
            for partition in involved(names, self.count) {
                let here: Vec<&Name> = names.iter().filter(|name| name.partition(self.count) == partition).collect();
                act(space.of(partition), &here, now_ms);
                bumps.push(self.tell(namespace, space, partition, &here));
            }
            bumps
        })
    }

    fn tell(&self, namespace: &str, space: &mut Space, partition: Partition, names: &[&Name]) -> Bump {
        let stamp = space.of(partition).now;
        let names = names.iter().map(ToString::to_string).collect();
        self.publish(namespace, Message { partition, stamp, names: Some(names) })
    }

    fn publish(&self, namespace: &str, message: Message) -> Bump {
        let bump = Bump { partition: message.partition, stamp: message.stamp };
        self.bus.publish(namespace, Heard::Step(message));
        bump
    }

    /// Tells that the lease of a key was given back, if it was.
    fn tell_freed(&self, namespace: &str, key: &Key, is_freed: bool) {
        if is_freed {
            self.bus.publish(namespace, Heard::Freed { key: key.to_string() });
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn partitions(&self) -> u16 {
        self.count
    }

    fn read<'a>(&'a self, namespace: &'a str, read: Read<'a>) -> Answer<'a, Snapshot> {
        answer(self.within(namespace, |space, now_ms| space.read(read, now_ms)))
    }

    fn begin<'a>(&'a self, namespace: &'a str, begin: Begin<'a>) -> Answer<'a, Begun> {
        answer(self.within(namespace, |space, now_ms| space.begin(begin, now_ms)))
    }

    fn commit<'a>(&'a self, namespace: &'a str, commit: Commit<'a>) -> Answer<'a, Verdict> {
        answer(self.within(namespace, |space, now_ms| {
            let verdict = space.commit(commit, now_ms);
            self.tell_freed(namespace, commit.key, verdict == Verdict::Stored && commit.holder.is_some());
            verdict
        }))
    }

    fn bump<'a>(&'a self, namespace: &'a str, dependencies: &'a [Dependency]) -> Answer<'a, Vec<Bump>> {
        answer(self.step(namespace, dependencies, |held, here, now_ms| held.bump(here.iter().copied(), now_ms)))
    }

    fn remove<'a>(&'a self, namespace: &'a str, keys: &'a [Key]) -> Answer<'a, Removal> {
        let mut existed = 0;
        let bumps =
            self.step(namespace, keys, |held, here, now_ms| existed += held.remove(here.iter().copied(), now_ms));
        answer(Removal { existed, bumps })
    }

    fn put<'a>(&'a self, namespace: &'a str, put: Put<'a>) -> Answer<'a, Bump> {
        let bumps = self.step(namespace, std::slice::from_ref(put.key), |held, _, now_ms| held.put(put, now_ms));
        answer(bumps[0])
    }

    fn clear<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        answer(self.within(namespace, |space, _| {
            space.0.iter_mut().for_each(Held::begin_anew);
            (0..self.count).map(|at| self.tell(namespace, space, Partition(at), &[])).collect()
        }))
    }

    fn search<'a>(&'a self, namespace: &'a str, search: Search<'a>) -> Answer<'a, Page> {
        answer(self.within(namespace, |space, now_ms| {
            let mut found = Page::default();
            // As a server may, it goes by what a load leaves before it goes by what a load has while it runs.
            match search.from.at {
                0 => {
                    space.0.iter().for_each(|held| held.search_entries(search.part, now_ms, &mut found));
                    found.next = Some(Cursor { at: 1, ..search.from });
                }
                _ => space.0.iter().for_each(|held| held.search_loads(search.part, now_ms, &mut found)),
            }
            found
        }))
    }

    fn doubt<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        answer(self.within(namespace, |space, _| {
            let step = |held: &mut Held| {
                held.now.seq += 1;
                held.now
            };
            let stamps: Vec<_> = space.0.iter_mut().map(step).collect();
            let told = stamps.into_iter().zip((0..).map(Partition));
            told.map(|(stamp, partition)| self.publish(namespace, Message { partition, stamp, names: None })).collect()
        }))
    }

    fn announce<'a>(&'a self, namespace: &'a str, announce: Announce<'a>) -> Answer<'a, Vec<Bump>> {
        answer(self.step(namespace, announce.dependencies, |held, here, now_ms| {
            held.announce(announce, here.iter().copied(), now_ms);
        }))
    }

    fn settle<'a>(&'a self, namespace: &'a str, settle: Settle<'a>) -> Answer<'a, Vec<Bump>> {
        answer(self.step(namespace, settle.dependencies, |held, here, now_ms| {
            here.iter().for_each(|dependency| held.withdraw(settle, dependency, now_ms));
            held.bump(here.iter().copied(), now_ms);
        }))
    }

    fn extend<'a>(&'a self, namespace: &'a str, key: &'a Key, lease: Lease) -> Answer<'a, bool> {
        answer(self.within(namespace, |space, now_ms| space.home(key).extend(key, lease, now_ms)))
    }

    fn release<'a>(&'a self, namespace: &'a str, key: &'a Key, holder: u64) -> Answer<'a, ()> {
        self.within(namespace, |space, now_ms| {
            let was_held = space.home(key).release(key, holder, now_ms);
            self.tell_freed(namespace, key, was_held);
        });
        answer(())
    }

    fn positions<'a>(&'a self, namespace: &'a str, partitions: &'a [Partition]) -> Answer<'a, Vec<Position>> {
        answer(self.within(namespace, |space, _| space.positions(partitions)))
    }

    fn bus(&self) -> Option<Arc<dyn Bus>> {
        Some(Arc::new(self.bus.clone()))
    }

    fn deadlines(&self) -> Option<Deadlines> {
        Some(Deadlines::NEVER)
    }
}

fn answer<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(ready(Ok(value)))
}

/// The partitions that some names belong to, each once.
fn involved<'n>(names: impl IntoIterator<Item = &'n Name>, count: u16) -> Vec<Partition> {
    let mut partitions: Vec<Partition> = names.into_iter().map(|name| name.partition(count)).collect();
    partitions.sort_unstable();
    partitions.dedup();
    partitions
}

fn head(bytes: &Bytes, len: usize) -> Bytes {
    bytes.slice(..len.min(bytes.len()))
}

impl Space {
    fn new(count: u16) -> Self {
        Self((0..count).map(|_| Held::new()).collect())
    }

    fn count(&self) -> u16 {
        self.0.len() as u16
    }

    fn of(&mut self, partition: Partition) -> &mut Held {
        &mut self.0[usize::from(partition.0)]
    }

    /// The partition of a key.
    fn home(&mut self, key: &Key) -> &mut Held {
        self.of(key.partition(self.count()))
    }

    fn positions(&mut self, partitions: &[Partition]) -> Vec<Position> {
        partitions.iter().map(|partition| (*partition, Some(self.of(*partition).now))).collect()
    }

    fn read(&mut self, read: Read<'_>, now_ms: u64) -> Snapshot {
        let count = self.count();
        let wanted = |bytes: Bytes| match read.want {
            Want::Whole => bytes,
            Want::Head(len) => head(&bytes, len),
        };
        let generation = |of: &Dependency| self.0[usize::from(of.partition(count).0)].generation(of, now_ms);
        let generations = read.dependencies.iter().map(generation).collect();
        Snapshot {
            entry: self.of(read.key.partition(count)).entry(read.key.as_str(), now_ms).map(wanted),
            partitions: self.positions(&involved(read.dependencies.iter().chain([read.key]), count)),
            generations,
        }
    }

    fn begin(&mut self, begin: Begin<'_>, now_ms: u64) -> Begun {
        let count = self.count();
        let stamps = involved(begin.dependencies.iter().chain([begin.key]), count);
        let stamps = stamps.into_iter().map(|partition| (partition, self.of(partition).now)).collect();
        // A generation of something that is being written would make what is loaded now valid.
        if begin.dependencies.iter().any(|name| self.of(name.partition(count)).is_announced(name, now_ms)) {
            return Begun { stamps, fence: 0, is_dirty: true, leased: Leased::Nobody, entry: None };
        }
        begin.dependencies.iter().for_each(|name| self.of(name.partition(count)).keep(name, begin, now_ms));
        let home = self.home(begin.key);
        let leased = begin.lease.map_or(Leased::Nobody, |lease| home.lease(begin.key, lease, now_ms));
        let entry = (leased == Leased::Taken).then(|| home.entry(begin.key.as_str(), now_ms)).flatten();
        let entry = entry.map(|bytes| head(&bytes, begin.head));
        Begun { stamps, fence: home.fence(begin, now_ms), is_dirty: false, leased, entry }
    }

    fn commit(&mut self, commit: Commit<'_>, now_ms: u64) -> Verdict {
        let count = self.count();
        let partition = commit.key.partition(count);
        let stamp = commit.begun.stamps.iter().find(|(of, _)| *of == partition).map(|(_, stamp)| *stamp);
        let here = commit.dependencies.iter().filter(|name| name.partition(count) == partition);
        self.of(partition).commit(commit, stamp, here, now_ms)
    }
}
