//! What is done by scripts: one in each partition involved, all at once.

use super::connect::Link;
use super::deal::{deal, involved};
use super::faults::too_few;
use super::invocation::{Hex, Invocation};
use super::names::Names;
use super::route::Lane;
use super::{RedisStore, first_error, scripts};
use crate::bus::{UNLISTED, names_blob};
use crate::clock::whole_ms;
use crate::error::StoreError;
use crate::key::{Dependency, Key, Name};
use crate::stamp::{Partition, Stamp, random_name};
use crate::store::{Announce, Begin, Begun, Bump, Commit, Lease, Leased, Put, Removal, Settle, Verdict};
use ::redis::{ErrorKind, FromRedisValue, RedisError, RedisResult, Script, cmd};
use futures_util::future::join_all;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The longest life it asks for; the server refuses what its clock cannot hold.
const MAX_LIFE_MS: u64 = 1 << 48;

impl RedisStore {
    pub(super) async fn prepare(&self, namespace: &str, begin: Begin<'_>) -> Result<Begun, StoreError> {
        let count = self.route.partitions();
        let home = begin.key.partition(count);
        let scripts = involved(begin.key, begin.dependencies, count).into_iter().map(|(partition, dependencies)| {
            let names = self.route.names(namespace, partition);
            async move {
                let fill = |call: &mut Invocation<'_>| {
                    call.keys(names.with_announced(&dependencies));
                    call.arg(life(begin.generation_life_ms)).arg(life(begin.fence_life_ms)).arg(Hex(random_name()));
                    call.arg(dependencies.len() as u64);
                    if partition != home {
                        return;
                    }
                    call.key(names.fence(begin.key));
                    if let Some(lease) = begin.lease {
                        call.key(names.lease(begin.key)).key(names.entry(begin.key));
                        call.arg(Hex(lease.holder)).arg(life(lease.life_ms)).arg(begin.head as u64);
                    }
                };
                Ok((partition, self.run(&names, &scripts::BEGIN, fill).await?))
            }
        });
        let begun = gathered(self.all(namespace, scripts).await?).map_err(|error| self.route.error(&error))?;
        if !begun.is_dirty {
            return Ok(begun);
        }
        // Another partition has made a fence and leased the key; none of them is to let this load be kept.
        if let Some(lease) = begin.lease.filter(|_| begun.leased == Leased::Taken) {
            // If it cannot be given back, it runs out.
            let _given_back = self.give_back(namespace, begin.key, lease.holder).await;
        }
        Ok(Begun { fence: 0, leased: Leased::Nobody, entry: None, ..begun })
    }

    /// The generations of other partitions are left to whoever reads the entry.
    pub(super) async fn keep(&self, namespace: &str, commit: Commit<'_>) -> Result<Verdict, StoreError> {
        let home = commit.key.partition(self.route.partitions());
        let Some((_, stamp)) = commit.begun.stamps.iter().find(|(partition, _)| *partition == home) else {
            return Ok(Verdict::Forgotten);
        };
        let names = self.route.names(namespace, home);
        let own = involved(commit.key, commit.dependencies, self.route.partitions()).remove(&home).unwrap_or_default();
        let fill = |call: &mut Invocation<'_>| {
            call.key(names.fence(commit.key)).key(names.entry(commit.key)).keys(names.generations(&own));
            call.arg(Hex(stamp.epoch)).arg(stamp.seq).arg(Hex(commit.begun.fence));
            call.arg(life(commit.life_ms)).arg(commit.bytes);
            if let Some(holder) = commit.holder {
                call.key(names.lease(commit.key)).arg(Hex(holder));
            }
        };
        let script = pin!(async {
            let verdict: String = self.run(&names, &scripts::COMMIT, fill).await?;
            match verdict.as_str() {
                "stored" => Ok(Verdict::Stored),
                "fenced" => Ok(Verdict::Fenced),
                "overtaken" => Ok(Verdict::Overtaken),
                "forgotten" => Ok(Verdict::Forgotten),
                _ => Err(nonsense()),
            }
        });
        self.within(self.write_deadline, namespace, script).await
    }

    pub(super) async fn renew(&self, namespace: &str, key: &Key, lease: Lease) -> Result<bool, StoreError> {
        let names = self.route.names(namespace, key.partition(self.route.partitions()));
        let fill = |call: &mut Invocation<'_>| {
            call.key(names.lease(key)).arg(Hex(lease.holder)).arg(life(lease.life_ms));
        };
        self.within(self.write_deadline, namespace, pin!(self.run(&names, &scripts::EXTEND, fill))).await
    }

    pub(super) async fn give_back(&self, namespace: &str, key: &Key, holder: u64) -> Result<(), StoreError> {
        let names = self.route.names(namespace, key.partition(self.route.partitions()));
        let fill = |call: &mut Invocation<'_>| {
            call.key(names.lease(key)).arg(Hex(holder));
        };
        self.within(self.write_deadline, namespace, pin!(self.run(&names, &scripts::RELEASE, fill))).await
    }

    pub(super) async fn raise(&self, namespace: &str, of: &[Dependency]) -> Result<Vec<Bump>, StoreError> {
        self.step_each(namespace, of, &scripts::BUMP, |call, names, own| {
            call.keys(names.generations(own)).arg(&*listed(own));
        })
        .await
    }

    pub(super) async fn note(&self, namespace: &str, announce: Announce<'_>) -> Result<Vec<Bump>, StoreError> {
        self.step_each(namespace, announce.dependencies, &scripts::ANNOUNCE, |call, names, own| {
            call.keys(names.with_announced(own))
                .arg(Hex(announce.writer))
                .arg(life(announce.life_ms))
                .arg(&*listed(own));
        })
        .await
    }

    pub(super) async fn withdraw(&self, namespace: &str, settle: Settle<'_>) -> Result<Vec<Bump>, StoreError> {
        self.step_each(namespace, settle.dependencies, &scripts::SETTLE, |call, names, own| {
            call.keys(names.with_announced(own)).arg(Hex(settle.writer)).arg(&*listed(own));
        })
        .await
    }

    pub(super) async fn take_away(&self, namespace: &str, keys: &[Key]) -> Result<Removal, StoreError> {
        let scripts = deal(keys, self.route.partitions()).into_iter().map(|(partition, own)| async move {
            let names = self.route.names(namespace, partition);
            let fill = |call: &mut Invocation<'_>| {
                for key in &own {
                    call.key(names.entry(key)).key(names.fence(key));
                }
                call.arg(&*listed(&own));
            };
            let (stamp, existed): (String, usize) = self.invalidate(&names, &scripts::REMOVE, fill).await?;
            Ok((existed, Bump { partition, stamp: parsed(&stamp)? }))
        });
        let parts = self.all(namespace, scripts).await?;
        let existed = parts.iter().map(|(existed, _)| existed).sum();
        Ok(Removal { existed, bumps: parts.into_iter().map(|(_, bump)| bump).collect() })
    }

    pub(super) async fn set(&self, namespace: &str, put: Put<'_>) -> Result<Bump, StoreError> {
        let names = self.route.names(namespace, put.key.partition(self.route.partitions()));
        let fill = |call: &mut Invocation<'_>| {
            call.key(names.fence(put.key)).key(names.entry(put.key)).arg(life(put.life_ms)).arg(put.bytes);
            match put.fence {
                Some(fence) => call.arg(Hex(fence)),
                None => call.arg(""),
            };
            call.arg(&*listed(&[put.key]));
        };
        let script = pin!(async {
            let stamp: String = self.invalidate(&names, &scripts::PUT, fill).await?;
            Ok(Bump { partition: names.partition, stamp: parsed(&stamp)? })
        });
        self.within(self.write_deadline, namespace, script).await
    }

    pub(super) async fn forget(&self, namespace: &str) -> Result<Vec<Bump>, StoreError> {
        self.everywhere(namespace, &scripts::CLEAR, |_| {}).await
    }

    /// Takes a step in every partition, of which no names are told.
    pub(super) async fn step_everywhere(&self, namespace: &str) -> Result<Vec<Bump>, StoreError> {
        self.everywhere(namespace, &scripts::BUMP, |call| {
            call.arg(UNLISTED);
        })
        .await
    }

    /// Runs a script that takes a step in every partition.
    async fn everywhere(
        &self,
        namespace: &str,
        script: &Script,
        fill: impl Fn(&mut Invocation<'_>),
    ) -> Result<Vec<Bump>, StoreError> {
        let fill = &fill;
        let scripts = (0..self.route.partitions()).map(|at| async move {
            let names = self.route.names(namespace, Partition(at));
            let stamp: String = self.invalidate(&names, script, fill).await?;
            Ok(Bump { partition: names.partition, stamp: parsed(&stamp)? })
        });
        self.all(namespace, scripts).await
    }

    /// Takes a step in each partition that some of the dependencies are in; `fill` adds what the script is given.
    async fn step_each(
        &self,
        namespace: &str,
        dependencies: &[Dependency],
        script: &Script,
        fill: impl Fn(&mut Invocation<'_>, &Names, &[&Dependency]),
    ) -> Result<Vec<Bump>, StoreError> {
        if dependencies.is_empty() {
            return Ok(Vec::new());
        }
        let step = Step { namespace, script, fill: &fill };
        if self.route.partitions() == 1 {
            let only = pin!(self.step_in(&step, Partition(0), dependencies.iter().collect()));
            return Ok(vec![self.within(self.write_deadline, namespace, only).await?]);
        }
        let dealt = deal(dependencies, self.route.partitions()).into_iter();
        Box::pin(self.all(namespace, dealt.map(|(partition, own)| self.step_in(&step, partition, own)))).await
    }

    async fn step_in<A>(&self, step: &Step<'_, A>, partition: Partition, own: Vec<&Dependency>) -> RedisResult<Bump>
    where
        A: Fn(&mut Invocation<'_>, &Names, &[&Dependency]),
    {
        let names = self.route.names(step.namespace, partition);
        let fill = |call: &mut Invocation<'_>| (step.fill)(call, &names, &own);
        let stamp: String = self.invalidate(&names, step.script, fill).await?;
        Ok(Bump { partition, stamp: parsed(&stamp)? })
    }

    /// All of them at once, each sent whatever becomes of the others.
    async fn all<T, F>(&self, namespace: &str, scripts: impl Iterator<Item = F>) -> Result<Vec<T>, StoreError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let mut scripts: Vec<F> = scripts.collect();
        let run = pin!(async {
            match scripts.pop() {
                Some(only) if scripts.is_empty() => Ok(vec![only.await?]),
                last => first_error(join_all(scripts.into_iter().chain(last)).await),
            }
        });
        self.within(self.write_deadline, namespace, run).await
    }

    /// Runs a script; `fill` adds what it is given beyond the keys and arguments that `history.lua` names.
    async fn run<T, A>(&self, names: &Names, script: &Script, fill: A) -> RedisResult<T>
    where
        T: FromRedisValue,
        A: Fn(&mut Invocation<'_>),
    {
        let fill = &fill;
        let ask = |link: Arc<Link>| async move { invoke(&link, names, script, fill).await };
        self.route.ask(names, Lane::Shared, &ask).await
    }

    /// Runs a script that invalidates something, and waits for as many replicas as have to have it.
    async fn invalidate<T, A>(&self, names: &Names, script: &Script, fill: A) -> RedisResult<T>
    where
        T: FromRedisValue,
        A: Fn(&mut Invocation<'_>),
    {
        let wanted = self.replicas.load(Ordering::Relaxed);
        if wanted == 0 {
            return self.run(names, script, fill).await;
        }
        let (fill, until_ms) = (&fill, self.clock.now_ms() + whole_ms(self.write_deadline) * 9 / 10);
        let ask = |link: Arc<Link>| async move {
            let answer = invoke(&link, names, script, fill).await?;
            // WAIT is about what its own connection wrote; and to wait for ever is to wait for 0 ms.
            let left_ms = until_ms.saturating_sub(self.clock.now_ms()).max(1);
            let (mut wait, mut connection) = (cmd("WAIT"), link.connection());
            let had = wait.arg(wanted).arg(left_ms).query_async::<u64>(&mut connection);
            // The server looks at its clock every 100 ms only.
            match tokio::time::timeout(Duration::from_millis(left_ms), had).await {
                Ok(Err(error)) => Err(error),
                Ok(Ok(had)) if had >= u64::from(wanted) => Ok(answer),
                _ => Err(too_few(wanted, left_ms)),
            }
        };
        self.route.ask(names, Lane::Waiting, &ask).await
    }
}

async fn invoke<T: FromRedisValue>(
    link: &Link,
    names: &Names,
    script: &Script,
    fill: &impl Fn(&mut Invocation<'_>),
) -> RedisResult<T> {
    let mut call = Invocation::of(script);
    call.key(names.meta()).arg(Hex(random_name())).arg(link.incarnation.as_str());
    fill(&mut call);
    call.invoke(link.line()).await
}

/// A step that is taken in several partitions.
struct Step<'a, A> {
    namespace: &'a str,
    script: &'a Script,
    fill: &'a A,
}

/// Stamp, fence, what is left of the lease, and the head of the entry, as `begin.lua` answers them.
type Prepared = (String, String, Option<u64>, Option<Vec<u8>>);

/// What was answered in each partition, as one answer.
fn gathered(parts: Vec<(Partition, Prepared)>) -> RedisResult<Begun> {
    let stamps = Vec::with_capacity(parts.len());
    let mut begun = Begun { stamps, fence: 0, is_dirty: false, leased: Leased::Nobody, entry: None };
    for (partition, (stamp, fence, left_ms, entry)) in parts {
        // An entry is never empty: that is what the server says of none.
        begun.entry = begun.entry.or(entry.filter(|head| !head.is_empty()).map(Into::into));
        begun.stamps.push((partition, parsed(&stamp)?));
        match fence.as_str() {
            "" => {}
            "dirty" => begun.is_dirty = true,
            fence => begun.fence = u64::from_str_radix(fence, 16).map_err(|_| nonsense())?,
        }
        match left_ms {
            None => {}
            Some(0) => begun.leased = Leased::Taken,
            Some(left_ms) => begun.leased = Leased::Other { left_ms },
        }
    }
    Ok(begun)
}

/// Names as a message lists them.
fn listed(names: &[&Name]) -> String {
    names_blob(names.iter().map(|name| name.as_str()))
}

/// A life that the server accepts.
fn life(life_ms: u64) -> u64 {
    life_ms.clamp(1, MAX_LIFE_MS)
}

fn parsed(stamp: &str) -> RedisResult<Stamp> {
    Stamp::parse(stamp).ok_or_else(nonsense)
}

fn nonsense() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "a script answered what none of ours does").into()
}
