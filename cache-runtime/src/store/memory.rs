//! A store in this process, with the semantics of the others: for tests, and for several caches that share one.
//!
//! Its entries live until they expire; it is not bounded by size.

use super::{
    Announce, Answer, Begin, Begun, Bump, Commit, Position, Put, Read, Removal, Settle, Snapshot, Store, Verdict, Want,
};
use crate::bus::{Bus, LocalBus, Message};
use crate::clock::Clock;
use crate::key::{Dependency, Key, Name};
use crate::stamp::{Partition, Stamp, random_name};
use bytes::Bytes;
use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store in memory; clones share their content.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    clock: Clock,
    spaces: Arc<Mutex<HashMap<String, Space>>>,
    bus: LocalBus,
}

/// One namespace, which is one partition.
#[derive(Debug)]
struct Space {
    now: Stamp,
    generations: Lives<Stamp>,
    entries: Lives<Bytes>,
    fences: Lives<u64>,
    /// Writers who have announced a write to a dependency, and until when that holds.
    announced: HashMap<Box<str>, HashMap<u64, u64>>,
}

const ONLY: Partition = Partition(0);

impl MemoryStore {
    /// An empty store that lives by the system's clock.
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// An empty store that lives by this clock.
    pub fn with_clock(clock: Clock) -> Self {
        Self { clock, spaces: Arc::default(), bus: LocalBus::default() }
    }

    /// Loses everything, as a server does that restarts empty.
    pub fn lose_everything(&self) {
        self.lock().clear();
    }

    /// Loses what it knows of one dependency or fence, as a server does that evicts for room.
    ///
    /// `what` is the text of a dependency or key.
    pub fn evict(&self, namespace: &str, what: &str) {
        if let Some(space) = self.lock().get_mut(namespace) {
            space.generations.map.remove(what);
            space.fences.map.remove(what);
        }
    }

    /// How many entries, generations and fences it holds, expired ones included until they are swept.
    pub fn len(&self) -> usize {
        self.lock()
            .values()
            .map(|space| space.entries.map.len() + space.generations.map.len() + space.fences.map.len())
            .sum()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Replaces the bytes of an entry, as somebody who does not know the protocol might.
    pub fn overwrite(&self, namespace: &str, key: &str, bytes: Bytes) {
        if let Some((entry, _)) = self.lock().get_mut(namespace).and_then(|space| space.entries.map.get_mut(key)) {
            *entry = bytes;
        }
    }

    /// The bytes of an entry.
    pub fn bytes(&self, namespace: &str, key: &str) -> Option<Bytes> {
        let now_ms = self.clock.now_ms();
        self.lock().get(namespace).and_then(|space| space.entries.get(key, now_ms))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Space>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a step, and tells of it before another can be taken, so that the messages come in order.
    fn step<'a, T: Send + 'a>(
        &self,
        namespace: &str,
        names: &[Name],
        act: impl FnOnce(&mut Space, u64) -> T,
    ) -> Answer<'a, T> {
        answer(self.within(namespace, |space, now_ms| {
            let done = act(space, now_ms);
            let names = names.iter().map(ToString::to_string).collect();
            self.bus.publish(namespace, Message { partition: ONLY, stamp: space.now, names: Some(names) });
            done
        }))
    }

    fn within<T>(&self, namespace: &str, act: impl FnOnce(&mut Space, u64) -> T) -> T {
        let now_ms = self.clock.now_ms();
        let mut spaces = self.lock();
        match spaces.get_mut(namespace) {
            Some(space) => act(space, now_ms),
            None => act(spaces.entry(namespace.to_owned()).or_insert_with(Space::new), now_ms),
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

    fn read<'a>(&'a self, namespace: &'a str, read: Read<'a>) -> Answer<'a, Snapshot> {
        answer(self.within(namespace, |space, now_ms| space.read(read, now_ms)))
    }

    fn begin<'a>(&'a self, namespace: &'a str, begin: Begin<'a>) -> Answer<'a, Begun> {
        answer(self.within(namespace, |space, now_ms| space.begin(begin, now_ms)))
    }

    fn commit<'a>(&'a self, namespace: &'a str, commit: Commit<'a>) -> Answer<'a, Verdict> {
        answer(self.within(namespace, |space, now_ms| space.commit(commit, now_ms)))
    }

    fn bump<'a>(&'a self, namespace: &'a str, dependencies: &'a [Dependency]) -> Answer<'a, Vec<Bump>> {
        self.step(namespace, dependencies, |space, now_ms| vec![space.bump(dependencies, now_ms)])
    }

    fn remove<'a>(&'a self, namespace: &'a str, keys: &'a [Key]) -> Answer<'a, Removal> {
        self.step(namespace, keys, |space, now_ms| space.remove(keys, now_ms))
    }

    fn put<'a>(&'a self, namespace: &'a str, put: Put<'a>) -> Answer<'a, Bump> {
        self.step(namespace, std::slice::from_ref(put.key), |space, now_ms| space.put(put, now_ms))
    }

    fn clear<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        self.step(namespace, &[], |space, _| {
            *space = Space::new();
            vec![space.here()]
        })
    }

    fn announce<'a>(&'a self, namespace: &'a str, announce: Announce<'a>) -> Answer<'a, Vec<Bump>> {
        self.step(namespace, announce.dependencies, |space, now_ms| vec![space.announce(announce, now_ms)])
    }

    fn settle<'a>(&'a self, namespace: &'a str, settle: Settle<'a>) -> Answer<'a, Vec<Bump>> {
        self.step(namespace, settle.dependencies, |space, now_ms| vec![space.settle(settle, now_ms)])
    }

    fn positions<'a>(&'a self, namespace: &'a str, _: &'a [Partition]) -> Answer<'a, Vec<Position>> {
        answer(self.within(namespace, |space, _| vec![(ONLY, Some(space.now))]))
    }

    fn bus(&self) -> Option<Arc<dyn Bus>> {
        Some(Arc::new(self.bus.clone()))
    }
}

fn answer<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(ready(Ok(value)))
}

impl Space {
    fn new() -> Self {
        let now = Stamp { epoch: random_name(), seq: 0 };
        let announced = HashMap::new();
        Self { now, generations: Lives::new(), entries: Lives::new(), fences: Lives::new(), announced }
    }

    fn here(&self) -> Bump {
        Bump { partition: ONLY, stamp: self.now }
    }

    fn step(&mut self) -> Bump {
        self.now.seq += 1;
        self.here()
    }

    fn read(&self, read: Read<'_>, now_ms: u64) -> Snapshot {
        let entry = self.entries.get(read.key.as_str(), now_ms);
        let wanted = |bytes: Bytes| match read.want {
            Want::Whole => bytes,
            Want::Head(len) => bytes.slice(..len.min(bytes.len())),
        };
        Snapshot {
            entry: entry.map(wanted),
            partitions: vec![(ONLY, Some(self.now))],
            generations: read.dependencies.iter().map(|of| self.generations.get(of.as_str(), now_ms)).collect(),
        }
    }

    fn begin(&mut self, begin: Begin<'_>, now_ms: u64) -> Begun {
        // A generation of something that is being written would make what is loaded now valid.
        if begin.dependencies.iter().any(|dependency| self.is_announced(dependency.as_str(), now_ms)) {
            return Begun { stamps: vec![(ONLY, self.now)], fence: 0, is_dirty: true };
        }
        for dependency in begin.dependencies {
            let known = self.generations.get(dependency.as_str(), now_ms).filter(|known| known.epoch == self.now.epoch);
            self.generations.keep(dependency.as_str(), known.unwrap_or(self.now), begin.generation_life_ms, now_ms);
        }
        let fence = self.fences.get(begin.key.as_str(), now_ms).unwrap_or_else(random_name);
        self.fences.keep(begin.key.as_str(), fence, begin.fence_life_ms, now_ms);
        Begun { stamps: vec![(ONLY, self.now)], fence, is_dirty: false }
    }

    fn is_announced(&mut self, dependency: &str, now_ms: u64) -> bool {
        let Some(writers) = self.announced.get_mut(dependency) else { return false };
        writers.retain(|_, until_ms| *until_ms > now_ms);
        let some = !writers.is_empty();
        if !some {
            self.announced.remove(dependency);
        }
        some
    }

    fn announce(&mut self, announce: Announce<'_>, now_ms: u64) -> Bump {
        for dependency in announce.dependencies {
            self.generations.map.remove(dependency.as_str());
            let writers = self.announced.entry(dependency.as_str().into()).or_default();
            writers.insert(announce.writer, now_ms.saturating_add(announce.life_ms));
        }
        self.step()
    }

    fn settle(&mut self, settle: Settle<'_>, now_ms: u64) -> Bump {
        for dependency in settle.dependencies {
            if let Some(writers) = self.announced.get_mut(dependency.as_str()) {
                writers.remove(&settle.writer);
            }
        }
        self.bump(settle.dependencies, now_ms)
    }

    fn commit(&mut self, commit: Commit<'_>, now_ms: u64) -> Verdict {
        let Some((_, stamp)) = commit.begun.stamps.first().filter(|(_, stamp)| stamp.epoch == self.now.epoch) else {
            return Verdict::Forgotten;
        };
        if self.fences.get(commit.key.as_str(), now_ms) != Some(commit.begun.fence) {
            return Verdict::Fenced;
        }
        let covered = |of: &Dependency| self.generations.get(of.as_str(), now_ms).is_some_and(|at| stamp.covers(at));
        if !commit.dependencies.iter().all(covered) {
            return Verdict::Overtaken;
        }
        self.entries.set(commit.key.as_str(), Bytes::copy_from_slice(commit.bytes), commit.life_ms, now_ms);
        self.fences.map.remove(commit.key.as_str());
        Verdict::Stored
    }

    /// A generation that is absent stays absent: that is invalid already, and the next load makes it anew.
    fn bump(&mut self, dependencies: &[Dependency], now_ms: u64) -> Bump {
        let bump = self.step();
        for dependency in dependencies {
            self.generations.replace(dependency.as_str(), bump.stamp, now_ms);
        }
        bump
    }

    fn remove(&mut self, keys: &[Key], now_ms: u64) -> Removal {
        let bump = self.step();
        let mut existed = 0;
        for key in keys {
            existed += usize::from(self.entries.get(key.as_str(), now_ms).is_some());
            self.entries.map.remove(key.as_str());
            self.fences.map.remove(key.as_str());
        }
        Removal { existed, bumps: vec![bump] }
    }

    fn put(&mut self, put: Put<'_>, now_ms: u64) -> Bump {
        self.fences.map.remove(put.key.as_str());
        self.entries.set(put.key.as_str(), Bytes::copy_from_slice(put.bytes), put.life_ms, now_ms);
        self.step()
    }
}

/// Things that expire. What has is invisible at once and swept when the map has doubled since the last sweep.
#[derive(Debug)]
struct Lives<T> {
    map: HashMap<Box<str>, (T, u64)>,
    sweep_at: usize,
}

impl<T: Clone> Lives<T> {
    fn new() -> Self {
        Self { map: HashMap::new(), sweep_at: 1_024 }
    }

    fn get(&self, name: &str, now_ms: u64) -> Option<T> {
        self.map.get(name).filter(|(_, until_ms)| *until_ms > now_ms).map(|(value, _)| value.clone())
    }

    fn set(&mut self, name: &str, value: T, life_ms: u64, now_ms: u64) {
        self.map.insert(name.into(), (value, now_ms.saturating_add(life_ms)));
        if self.map.len() >= self.sweep_at {
            self.map.retain(|_, (_, until_ms)| *until_ms > now_ms);
            self.sweep_at = (self.map.len() * 2).max(1_024);
        }
    }

    /// Sets a value and lets it live at least this long.
    fn keep(&mut self, name: &str, value: T, life_ms: u64, now_ms: u64) {
        let left_ms = self.map.get(name).map_or(0, |(_, until_ms)| until_ms.saturating_sub(now_ms));
        self.set(name, value, life_ms.max(left_ms), now_ms);
    }

    /// Changes a value that is there, without prolonging its life.
    fn replace(&mut self, name: &str, value: T, now_ms: u64) {
        if let Some((old, _)) = self.map.get_mut(name).filter(|(_, until_ms)| *until_ms > now_ms) {
            *old = value;
        }
    }
}
