//! Entries on one Redis server, 6.0 or newer.
//!
//! A read is one `MGET`; whatever decides something is one Lua script, so that it is atomic. The keys are those of
//! `docs/protocol.md`, with one partition.

mod address;
mod connect;
mod names;
mod read;
mod scripts;

use super::{
    Announce, Answer, Begin, Begun, Bump, Commit, Position, Put, Read, Removal, Settle, Snapshot, Store, Verdict,
};
use crate::bus::{Bus, RedisBus, names_blob};
use crate::error::StoreError;
use crate::key::{Dependency, Key, Name};
use crate::stamp::{Partition, Stamp, random_name};
use ::redis::{ErrorKind, FromRedisValue, RedisError, RedisResult, Script, ScriptInvocation};
pub(crate) use connect::{CONNECT_DEADLINE, Connector};
use connect::{Link, is_foreign};
pub(crate) use names::Names;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// What it is called in errors and metrics.
pub(crate) const NAME: &str = "redis";

/// Its partition.
const ONLY: Partition = Partition(0);

/// The longest life it asks for; the server refuses what its clock cannot hold.
const MAX_LIFE_MS: u64 = 1 << 48;

/// A store on a Redis server; clones share its connection.
///
/// It needs a tokio runtime with time and I/O enabled. It may outlive the runtime, and connects again on another.
/// An operation that is dropped, or whose deadline passes, may still be performed by the server.
#[derive(Clone)]
pub struct RedisStore {
    connector: Arc<Connector>,
    read_deadline: Duration,
    write_deadline: Duration,
}

impl RedisStore {
    /// A store that is connected to `redis://user:password@host:6379/db` or `unix:///path?db=0&pass=password`.
    ///
    /// # Errors
    /// If the address does not parse, or the server cannot be reached, does not answer or does not let us in.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let store = Self::lazy(url)?;
        match tokio::time::timeout(CONNECT_DEADLINE, store.connector.link()).await {
            Ok(Ok(_)) => Ok(store),
            Ok(Err(error)) => Err(store.connector.error(&error)),
            Err(_) => Err(store.connector.error(&connect::no_answer())),
        }
    }

    /// A store that connects when it is first used, so that a service starts while its server is down.
    ///
    /// # Errors
    /// If the address does not parse.
    pub fn lazy(url: &str) -> Result<Self, StoreError> {
        let connector = Arc::new(Connector::new(address::parse(url)?));
        Ok(Self { connector, read_deadline: Duration::from_millis(50), write_deadline: Duration::from_millis(100) })
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

    /// Runs a script; `fill` adds what it is given beyond the keys and arguments that `history.lua` names.
    async fn run<T, A>(&self, names: &Names, script: &Script, fill: A) -> Result<T, StoreError>
    where
        T: FromRedisValue,
        A: Fn(&mut ScriptInvocation<'_>),
    {
        let (meta, fill) = (&names.meta(), &fill);
        let ask = |link: Arc<Link>| async move {
            let mut call = script.key(meta);
            call.arg(hex(random_name())).arg(&link.incarnation);
            fill(&mut call);
            call.invoke_async(&mut link.connection.clone()).await
        };
        self.within(self.write_deadline, names, ask).await
    }

    /// Asks on a connection that has adopted the namespace, all by a deadline.
    ///
    /// A foreign history means that the connection knows the server by a former life of it: nothing was done then, and
    /// a new connection is asked.
    async fn within<T, F>(
        &self,
        deadline: Duration,
        names: &Names,
        ask: impl Fn(Arc<Link>) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let answer = async {
            match self.connector.ask(names, &ask).await {
                Err(error) if is_foreign(&error) => self.connector.ask(names, &ask).await,
                answer => answer,
            }
        };
        match tokio::time::timeout(deadline, answer).await {
            Ok(answer) => answer.map_err(|error| self.connector.error(&error)),
            Err(_) => {
                self.connector.note_late();
                Err(StoreError::Timeout { store: NAME, waited: deadline })
            }
        }
    }

    async fn begin(&self, names: Names, begin: Begin<'_>) -> Result<Begun, StoreError> {
        let (stamp, fence): (String, String) = self
            .run(&names, &scripts::BEGIN, |call| {
                call.key(names.fence(begin.key)).key(names.with_announced(begin.dependencies));
                call.arg(life(begin.generation_life_ms)).arg(life(begin.fence_life_ms)).arg(hex(random_name()));
            })
            .await?;
        let stamps = vec![(ONLY, self.stamp(&stamp)?)];
        if fence.is_empty() {
            return Ok(Begun { stamps, fence: 0, is_dirty: true });
        }
        let fence = u64::from_str_radix(&fence, 16).map_err(|_| self.nonsense())?;
        Ok(Begun { stamps, fence, is_dirty: false })
    }

    async fn commit(&self, names: Names, commit: Commit<'_>) -> Result<Verdict, StoreError> {
        let Some((_, stamp)) = commit.begun.stamps.iter().find(|(partition, _)| *partition == ONLY) else {
            return Ok(Verdict::Forgotten);
        };
        let verdict: String = self
            .run(&names, &scripts::COMMIT, |call| {
                call.key(names.fence(commit.key))
                    .key(names.entry(commit.key))
                    .key(names.generations(commit.dependencies));
                call.arg(hex(stamp.epoch))
                    .arg(stamp.seq)
                    .arg(hex(commit.begun.fence))
                    .arg(life(commit.life_ms))
                    .arg(commit.bytes);
            })
            .await?;
        match verdict.as_str() {
            "stored" => Ok(Verdict::Stored),
            "fenced" => Ok(Verdict::Fenced),
            "overtaken" => Ok(Verdict::Overtaken),
            "forgotten" => Ok(Verdict::Forgotten),
            _ => Err(self.nonsense()),
        }
    }

    async fn bump(&self, names: Names, dependencies: &[Dependency]) -> Result<Vec<Bump>, StoreError> {
        let add = |call: &mut ScriptInvocation<'_>| {
            call.key(names.generations(dependencies)).arg(told(dependencies));
        };
        let stamp: String = self.run(&names, &scripts::BUMP, add).await?;
        Ok(vec![self.step(&stamp)?])
    }

    async fn announce(&self, names: Names, announce: Announce<'_>) -> Result<Vec<Bump>, StoreError> {
        let add = |call: &mut ScriptInvocation<'_>| {
            call.key(names.with_announced(announce.dependencies));
            call.arg(hex(announce.writer)).arg(life(announce.life_ms)).arg(told(announce.dependencies));
        };
        let stamp: String = self.run(&names, &scripts::ANNOUNCE, add).await?;
        Ok(vec![self.step(&stamp)?])
    }

    async fn settle(&self, names: Names, settle: Settle<'_>) -> Result<Vec<Bump>, StoreError> {
        let add = |call: &mut ScriptInvocation<'_>| {
            call.key(names.with_announced(settle.dependencies)).arg(hex(settle.writer)).arg(told(settle.dependencies));
        };
        let stamp: String = self.run(&names, &scripts::SETTLE, add).await?;
        Ok(vec![self.step(&stamp)?])
    }

    async fn remove(&self, names: Names, keys: &[Key]) -> Result<Removal, StoreError> {
        let add = |call: &mut ScriptInvocation<'_>| {
            for key in keys {
                call.key(names.entry(key)).key(names.fence(key));
            }
            call.arg(told(keys));
        };
        let (stamp, existed): (String, usize) = self.run(&names, &scripts::REMOVE, add).await?;
        Ok(Removal { existed, bumps: vec![self.step(&stamp)?] })
    }

    async fn put(&self, names: Names, put: Put<'_>) -> Result<Bump, StoreError> {
        let add = |call: &mut ScriptInvocation<'_>| {
            call.key(names.fence(put.key)).key(names.entry(put.key)).arg(life(put.life_ms)).arg(put.bytes);
            call.arg(told(std::slice::from_ref(put.key)));
        };
        let stamp: String = self.run(&names, &scripts::PUT, add).await?;
        self.step(&stamp)
    }

    async fn clear(&self, names: Names) -> Result<Vec<Bump>, StoreError> {
        let stamp: String = self.run(&names, &scripts::CLEAR, |_| {}).await?;
        Ok(vec![self.step(&stamp)?])
    }

    fn step(&self, stamp: &str) -> Result<Bump, StoreError> {
        Ok(Bump { partition: ONLY, stamp: self.stamp(stamp)? })
    }

    fn stamp(&self, text: &str) -> Result<Stamp, StoreError> {
        Stamp::parse(text).ok_or_else(|| self.nonsense())
    }

    fn nonsense(&self) -> StoreError {
        let said = RedisError::from((ErrorKind::UnexpectedReturnType, "a script answered what none of ours does"));
        self.connector.error(&said)
    }
}

impl Store for RedisStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn read<'a>(&'a self, namespace: &'a str, read: Read<'a>) -> Answer<'a, Snapshot> {
        let names = Names::new(namespace);
        Box::pin(async move {
            let ask = |link: Arc<Link>| {
                let names = &names;
                async move { read::read(&link, names, read).await }
            };
            self.within(self.read_deadline, &names, ask).await
        })
    }

    fn begin<'a>(&'a self, namespace: &'a str, begin: Begin<'a>) -> Answer<'a, Begun> {
        Box::pin(self.begin(Names::new(namespace), begin))
    }

    fn commit<'a>(&'a self, namespace: &'a str, commit: Commit<'a>) -> Answer<'a, Verdict> {
        Box::pin(self.commit(Names::new(namespace), commit))
    }

    fn bump<'a>(&'a self, namespace: &'a str, dependencies: &'a [Dependency]) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.bump(Names::new(namespace), dependencies))
    }

    fn remove<'a>(&'a self, namespace: &'a str, keys: &'a [Key]) -> Answer<'a, Removal> {
        Box::pin(self.remove(Names::new(namespace), keys))
    }

    fn put<'a>(&'a self, namespace: &'a str, put: Put<'a>) -> Answer<'a, Bump> {
        Box::pin(self.put(Names::new(namespace), put))
    }

    fn clear<'a>(&'a self, namespace: &'a str) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.clear(Names::new(namespace)))
    }

    fn announce<'a>(&'a self, namespace: &'a str, announce: Announce<'a>) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.announce(Names::new(namespace), announce))
    }

    fn settle<'a>(&'a self, namespace: &'a str, settle: Settle<'a>) -> Answer<'a, Vec<Bump>> {
        Box::pin(self.settle(Names::new(namespace), settle))
    }

    fn positions<'a>(&'a self, namespace: &'a str, _: &'a [Partition]) -> Answer<'a, Vec<Position>> {
        let names = Names::new(namespace);
        Box::pin(async move {
            let ask = |link: Arc<Link>| {
                let names = &names;
                async move { read::position(&link, names).await }
            };
            Ok(vec![self.within(self.read_deadline, &names, ask).await?])
        })
    }

    fn bus(&self) -> Option<Arc<dyn Bus>> {
        Some(Arc::new(RedisBus(self.connector.clone())))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("address", &self.connector.address()).finish_non_exhaustive()
    }
}

/// Epochs and fences as they stand on the server.
fn hex(name: u64) -> String {
    format!("{name:016x}")
}

/// Names as a message lists them.
fn told(names: &[Name]) -> String {
    names_blob(names.iter().map(Name::as_str))
}

/// A life that the server accepts.
fn life(life_ms: u64) -> u64 {
    life_ms.clamp(1, MAX_LIFE_MS)
}
