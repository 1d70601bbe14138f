//! What a store in memory knows of one partition of a namespace, and the operations of the protocol on it.

use super::lives::Lives;
use crate::key::{Dependency, Key};
use crate::stamp::{Stamp, random_name};
use crate::store::{Announce, Begin, Commit, Lease, Leased, Page, Put, Settle, Verdict};
use bytes::Bytes;
use std::collections::HashMap;

/// One partition of one namespace.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) now: Stamp,
    generations: Lives<Stamp>,
    entries: Lives<Bytes>,
    fences: Lives<u64>,
    /// Who alone is to load a key.
    leases: Lives<u64>,
    /// Writers who have announced a write to a dependency, and until when each holds.
    announced: Lives<HashMap<u64, u64>>,
}

impl Held {
    /// With a history that begins now.
    pub(super) fn new() -> Self {
        Self {
            now: Stamp { epoch: random_name(), seq: 0 },
            generations: Lives::new(),
            entries: Lives::new(),
            fences: Lives::new(),
            leases: Lives::new(),
            announced: Lives::new(),
        }
    }

    /// Begins another history. Writes that are announced and loads that hold a lease are under way all the same.
    pub(super) fn begin_anew(&mut self) {
        let announced = std::mem::replace(&mut self.announced, Lives::new());
        let leases = std::mem::replace(&mut self.leases, Lives::new());
        *self = Self { announced, leases, ..Self::new() };
    }

    pub(super) fn len(&self) -> usize {
        self.generations.len() + self.entries.len() + self.fences.len() + self.leases.len() + self.announced.len()
    }

    /// Entries whose keys contain `part`.
    pub(super) fn search_entries(&self, part: &str, now_ms: u64, found: &mut Page) {
        found.keys.extend(self.entries.names(now_ms).filter(|name| name.contains(part)).map(str::to_owned));
    }

    /// Fences and generations whose names contain `part`.
    pub(super) fn search_loads(&self, part: &str, now_ms: u64, found: &mut Page) {
        found.keys.extend(self.fences.names(now_ms).filter(|name| name.contains(part)).map(str::to_owned));
        found.dependencies.extend(self.generations.names(now_ms).filter(|name| name.contains(part)).map(str::to_owned));
    }

    pub(super) fn evict(&mut self, what: &str) {
        self.generations.remove(what);
        self.fences.remove(what);
        self.leases.remove(what);
    }

    pub(super) fn entry(&self, key: &str, now_ms: u64) -> Option<Bytes> {
        self.entries.get(key, now_ms)
    }

    pub(super) fn overwrite(&mut self, key: &str, bytes: Bytes, now_ms: u64) {
        self.entries.replace(key, bytes, now_ms);
    }

    pub(super) fn generation(&self, of: &Dependency, now_ms: u64) -> Option<Stamp> {
        self.generations.get(of.as_str(), now_ms)
    }

    pub(super) fn is_announced(&self, dependency: &Dependency, now_ms: u64) -> bool {
        let writers = self.announced.get(dependency.as_str(), now_ms);
        writers.is_some_and(|writers| writers.values().any(|until_ms| *until_ms > now_ms))
    }

    /// Makes the generations that are absent; the others live on.
    pub(super) fn keep(&mut self, dependency: &Dependency, begin: Begin<'_>, now_ms: u64) {
        let known = self.generations.get(dependency.as_str(), now_ms).filter(|known| known.epoch == self.now.epoch);
        self.generations.keep(dependency.as_str(), known.unwrap_or(self.now), begin.generation_life_ms, now_ms);
    }

    /// Makes or joins the fence of a key.
    pub(super) fn fence(&mut self, begin: Begin<'_>, now_ms: u64) -> u64 {
        let fence = self.fences.get(begin.key.as_str(), now_ms).unwrap_or_else(random_name);
        self.fences.keep(begin.key.as_str(), fence, begin.fence_life_ms, now_ms);
        fence
    }

    /// Takes the lease of a key if nobody else has it.
    pub(super) fn lease(&mut self, key: &Key, lease: Lease, now_ms: u64) -> Leased {
        match self.leases.left_ms(key.as_str(), now_ms) {
            Some(left_ms) if !self.is_held_by(lease.holder, key, now_ms) => Leased::Other { left_ms },
            _ => {
                self.leases.set(key.as_str(), lease.holder, lease.life_ms, now_ms);
                Leased::Taken
            }
        }
    }

    /// Tells whether it was still its holder's.
    pub(super) fn extend(&mut self, key: &Key, lease: Lease, now_ms: u64) -> bool {
        let is_held = self.is_held_by(lease.holder, key, now_ms);
        if is_held {
            self.leases.set(key.as_str(), lease.holder, lease.life_ms, now_ms);
        }
        is_held
    }

    /// Tells whether it was still its holder's.
    pub(super) fn release(&mut self, key: &Key, holder: u64, now_ms: u64) -> bool {
        let is_held = self.is_held_by(holder, key, now_ms);
        if is_held {
            self.leases.remove(key.as_str());
        }
        is_held
    }

    fn is_held_by(&self, holder: u64, key: &Key, now_ms: u64) -> bool {
        self.leases.get(key.as_str(), now_ms) == Some(holder)
    }

    /// `dependencies` are those of this partition.
    pub(super) fn commit<'d>(
        &mut self,
        commit: Commit<'_>,
        stamp: Option<Stamp>,
        mut dependencies: impl Iterator<Item = &'d Dependency>,
        now_ms: u64,
    ) -> Verdict {
        let Some(stamp) = stamp.filter(|stamp| stamp.epoch == self.now.epoch) else {
            return Verdict::Forgotten;
        };
        if self.fences.get(commit.key.as_str(), now_ms) != Some(commit.begun.fence) {
            return Verdict::Fenced;
        }
        if commit.holder.is_some_and(|holder| !self.is_held_by(holder, commit.key, now_ms)) {
            return Verdict::Fenced;
        }
        let covered = |of: &Dependency| self.generation(of, now_ms).is_some_and(|at| stamp.covers(at));
        if !dependencies.all(covered) {
            return Verdict::Overtaken;
        }
        self.entries.set(commit.key.as_str(), Bytes::copy_from_slice(commit.bytes), commit.life_ms, now_ms);
        self.fences.remove(commit.key.as_str());
        if commit.holder.is_some() {
            self.leases.remove(commit.key.as_str());
        }
        Verdict::Stored
    }

    /// A generation that is absent stays absent: that is invalid already, and the next load makes it anew.
    pub(super) fn bump<'d>(&mut self, dependencies: impl Iterator<Item = &'d Dependency>, now_ms: u64) {
        self.now.seq += 1;
        dependencies.for_each(|dependency| self.generations.replace(dependency.as_str(), self.now, now_ms));
    }

    pub(super) fn announce<'d>(
        &mut self,
        announce: Announce<'_>,
        dependencies: impl Iterator<Item = &'d Dependency>,
        now_ms: u64,
    ) {
        for dependency in dependencies {
            self.generations.remove(dependency.as_str());
            let mut writers = self.announced.get(dependency.as_str(), now_ms).unwrap_or_default();
            writers.insert(announce.writer, now_ms.saturating_add(announce.life_ms));
            self.announced.keep(dependency.as_str(), writers, announce.life_ms, now_ms);
        }
        self.now.seq += 1;
    }

    pub(super) fn withdraw(&mut self, settle: Settle<'_>, dependency: &Dependency, now_ms: u64) {
        if let Some(mut writers) = self.announced.get(dependency.as_str(), now_ms) {
            writers.remove(&settle.writer);
            self.announced.replace(dependency.as_str(), writers, now_ms);
        }
    }

    /// Tells how many entries there were.
    pub(super) fn remove<'k>(&mut self, keys: impl Iterator<Item = &'k Key>, now_ms: u64) -> usize {
        self.now.seq += 1;
        let mut existed = 0;
        for key in keys {
            existed += usize::from(self.entries.get(key.as_str(), now_ms).is_some());
            self.entries.remove(key.as_str());
            self.fences.remove(key.as_str());
        }
        existed
    }

    pub(super) fn put(&mut self, put: Put<'_>, now_ms: u64) {
        let stands = put.fence.is_none() || self.fences.get(put.key.as_str(), now_ms) == put.fence;
        self.fences.remove(put.key.as_str());
        match stands {
            true => self.entries.set(put.key.as_str(), Bytes::copy_from_slice(put.bytes), put.life_ms, now_ms),
            false => self.entries.remove(put.key.as_str()),
        }
        self.now.seq += 1;
    }
}
