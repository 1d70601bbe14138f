//! The read: no script, one `MGET` in each partition involved, all at once; and what the answers mean.

use super::connect::Link;
use super::deal::involved;
use super::faults::foreign;
use super::names::{Names, Place, write_head, write_mget};
use super::reply::{Strings, string};
use super::route::Lane;
use super::{RedisStore, first_error};
use crate::error::StoreError;
use crate::key::{Dependency, Key};
use crate::stamp::{Partition, Stamp};
use crate::store::{Position, Read, Snapshot, Want};
use ::redis::{RedisResult, Value, cmd};
use bytes::Bytes;
use futures_util::future::join_all;
use std::borrow::Borrow;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;

impl RedisStore {
    /// Of a store with one partition.
    pub(super) async fn look(&self, namespace: &str, read: Read<'_>) -> Result<Snapshot, StoreError> {
        let names = &*self.route.names(namespace, Partition(0));
        let look = pin!(self.look_at(names, Some((read.key, read.want)), read.dependencies));
        let Part { entry, decided: Decided { position, generations } } =
            self.within(self.read_deadline, namespace, look).await?;
        Ok(Snapshot { entry, partitions: vec![position], generations })
    }

    /// Of a store with several.
    pub(super) async fn look_around(&self, namespace: &str, read: Read<'_>) -> Result<Snapshot, StoreError> {
        let count = self.route.partitions();
        let home = read.key.partition(count);
        let looks = involved(read.key, read.dependencies, count).into_iter().map(|(partition, dependencies)| {
            let entry = (partition == home).then_some((read.key, read.want));
            async move { self.look_at(&Names::new(namespace, partition), entry, &dependencies).await }
        });
        let looks = pin!(async { first_error(join_all(looks).await) });
        let parts = self.within(self.read_deadline, namespace, looks).await?;
        let mut generations = vec![None; read.dependencies.len()];
        let mut snapshot = Snapshot { entry: None, partitions: Vec::with_capacity(parts.len()), generations: vec![] };
        for part in parts {
            let places = read.dependencies.iter().zip(&mut generations);
            let own = places.filter(|(dependency, _)| dependency.partition(count) == part.decided.position.0);
            own.zip(part.decided.generations).for_each(|((_, place), generation)| *place = generation);
            snapshot.partitions.push(part.decided.position);
            snapshot.entry = snapshot.entry.or(part.entry);
        }
        Ok(Snapshot { generations, ..snapshot })
    }

    async fn look_at(
        &self,
        names: &Names,
        entry: Option<(&Key, Want)>,
        dependencies: &[impl Borrow<Dependency>],
    ) -> RedisResult<Part> {
        let generations = dependencies.iter().map(|dependency| names.generation(dependency.borrow()));
        let entry = match entry {
            Some((key, Want::Head(len))) => {
                let decides = std::iter::once(names.meta()).chain(generations);
                return Box::pin(self.look_at_head(names, decides, (names.entry(key), len))).await;
            }
            Some((key, Want::Whole)) => Some(names.entry(key)),
            None => None,
        };
        let count = dependencies.len() + usize::from(entry.is_some());
        let (all, of) = (&generations.chain(entry), self.shares(names));
        let ask = |link: Arc<Link>| async move {
            let answer = link.line().look(of, names.meta(), all.clone()).await?;
            let (meta, mut strings) = (string(&answer.common)?, Strings::listed(&answer.own, count));
            let decided =
                Decided::of(&link, names.partition, meta, &answer.own, strings.by_ref().take(dependencies.len()))?;
            let entry = strings.next().flatten().map(|place| answer.own.slice(place));
            Ok(Part { entry, decided })
        };
        self.route.ask(names, Lane::Shared, &ask).await
    }

    /// Of what an `MGET` may ask together. In a cluster of nothing: a slot that moves refuses a question in which something
    /// is absent, which is the question of all who share it.
    pub(super) fn shares<'n>(&self, names: &'n Names) -> Option<&'n str> {
        (self.route.partitions() == 1).then_some(names.prefix())
    }

    /// What decides about an entry, and its first bytes. In this order: a meta that is newer than the entry would vouch for
    /// what was removed in between.
    async fn look_at_head<'n>(
        &self,
        names: &Names,
        decides: impl Iterator<Item = Place<'n>> + Clone,
        (entry, len): (Place<'_>, usize),
    ) -> RedisResult<Part> {
        let decides = &decides;
        let ask = |link: Arc<Link>| async move {
            let write = |out: &mut Vec<u8>| {
                write_mget(out, decides.clone());
                write_head(out, entry, len);
            };
            let answers = link.line().ask(2, write).await?;
            let mut strings = Strings::of(&answers)?;
            let meta = strings.next().flatten().map(|place| &answers[place]);
            let decided = Decided::of(&link, names.partition, meta, &answers, strings.by_ref())?;
            // There is no empty entry: an empty range is that of a key that is absent.
            let head = strings.one_behind()?.filter(|place| !place.is_empty()).map(|place| answers.slice(place));
            Ok(Part { entry: head.map(|head| head.slice(..len.min(head.len()))), decided })
        };
        self.route.ask(names, Lane::Shared, &ask).await
    }

    pub(super) async fn stand(&self, namespace: &str, partitions: &[Partition]) -> Result<Vec<Position>, StoreError> {
        let looks = partitions.iter().map(|partition| async {
            let names = &Names::new(namespace, *partition);
            let ask = |link: Arc<Link>| async move {
                let meta: Value = cmd("GET").arg(names.meta()).query_async(&mut link.connection()).await?;
                Ok((names.partition, now(&link, text(&meta))?))
            };
            self.route.ask(names, Lane::Shared, &ask).await
        });
        let looks = pin!(async { first_error(join_all(looks).await) });
        self.within(self.read_deadline, namespace, looks).await
    }
}

/// What one partition answered.
struct Part {
    entry: Option<Bytes>,
    decided: Decided,
}

/// What decides about entries in a partition.
pub(super) struct Decided {
    pub(super) position: Position,
    pub(super) generations: Vec<Option<Stamp>>,
}

impl Decided {
    /// Makes sense of the meta, and of the generations, which are at these places; what does not parse is as good as absent.
    pub(super) fn of(
        link: &Link,
        partition: Partition,
        meta: Option<&[u8]>,
        answer: &[u8],
        generations: impl Iterator<Item = Option<Range<usize>>>,
    ) -> RedisResult<Self> {
        let position = (partition, now(link, meta)?);
        let generations = generations.map(|place| Stamp::read(&answer[place?])).collect();
        Ok(Self { position, generations })
    }
}

fn now(link: &Link, meta: Option<&[u8]>) -> RedisResult<Option<Stamp>> {
    match meta.and_then(meta_of) {
        Some((_, incarnation)) if incarnation != link.incarnation.as_bytes() => Err(foreign()),
        known => Ok(known.map(|(now, _)| now)),
    }
}

/// The stamp and the incarnation that a meta names: what stands before and behind its second colon.
fn meta_of(meta: &[u8]) -> Option<(Stamp, &[u8])> {
    let mut colons = meta.iter().enumerate().filter(|(_, byte)| **byte == b':').map(|(at, _)| at);
    let (stamp, incarnation) = meta.split_at(colons.nth(1)?);
    Some((Stamp::read(stamp)?, &incarnation[1..]))
}

fn text(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}
