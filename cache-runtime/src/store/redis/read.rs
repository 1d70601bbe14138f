//! The read: no script, one `MGET` in each partition involved, all at once; and what the answers mean.

use super::connect::Link;
use super::deal::involved;
use super::faults::foreign;
use super::names::{Names, Place};
use super::route::Lane;
use super::{RedisStore, first_error};
use crate::error::StoreError;
use crate::key::{Dependency, Key};
use crate::stamp::{Partition, Stamp};
use crate::store::{Position, Read, Snapshot, Want};
use ::redis::{Cmd, RedisResult, Value, cmd, pipe};
use bytes::Bytes;
use futures_util::future::join_all;
use std::borrow::Borrow;
use std::pin::pin;
use std::sync::Arc;

impl RedisStore {
    /// Of a store with one partition.
    pub(super) async fn look(&self, namespace: &str, read: Read<'_>) -> Result<Snapshot, StoreError> {
        let names = &Names::new(namespace, Partition(0));
        let look = pin!(self.look_at(names, Some((read.key, read.want)), read.dependencies));
        let Part { entry, position, generations } = self.within(self.read_deadline, namespace, look).await?;
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
            let own = places.filter(|(dependency, _)| dependency.partition(count) == part.position.0);
            own.zip(part.generations).for_each(|((_, place), generation)| *place = generation);
            snapshot.partitions.push(part.position);
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
        let decides = std::iter::once(names.meta()).chain(generations);
        let (command, has_entry) = match entry {
            Some((key, Want::Head(len))) => {
                return Box::pin(self.look_at_head(names, mget(decides), (names.entry(key), len))).await;
            }
            Some((key, Want::Whole)) => (mget(decides.chain([names.entry(key)])), true),
            None => (mget(decides), false),
        };
        let command = &command;
        let ask = |link: Arc<Link>| async move {
            let mut values: Vec<Value> = command.query_async(&mut link.connection()).await?;
            let entry = if has_entry { values.pop().and_then(bytes) } else { None };
            Part::of(&link, names.partition, entry, &values)
        };
        self.route.ask(names, Lane::Shared, &ask).await
    }

    /// What decides about an entry, and its first bytes. In this order: a meta that is newer than the entry would vouch for
    /// what was removed in between.
    async fn look_at_head(&self, names: &Names, decides: Cmd, (entry, len): (Place<'_>, usize)) -> RedisResult<Part> {
        let mut both = pipe();
        both.add_command(decides).cmd("GETRANGE").arg(entry).arg(0).arg(len.max(1) - 1);
        let both = &both;
        let ask = |link: Arc<Link>| async move {
            let (decides, head): (Vec<Value>, Value) = both.query_async(&mut link.connection()).await?;
            // There is no empty entry: an empty range is that of a key that is absent.
            let head = bytes(head).filter(|head| !head.is_empty());
            Part::of(&link, names.partition, head.map(|head| head.slice(..len.min(head.len()))), &decides)
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

/// `MGET` of these.
pub(super) fn mget<'a>(names: impl Iterator<Item = Place<'a>>) -> Cmd {
    // Of an entry with a few dependencies; more make it grow.
    let mut command = Cmd::with_capacity(6, 384);
    command.arg("MGET");
    for name in names {
        command.arg(name);
    }
    command
}

/// What one partition answered.
pub(super) struct Part {
    entry: Option<Bytes>,
    pub(super) position: Position,
    pub(super) generations: Vec<Option<Stamp>>,
}

impl Part {
    /// Makes sense of the meta and the generations; what does not parse is as good as absent.
    pub(super) fn of(link: &Link, partition: Partition, entry: Option<Bytes>, decides: &[Value]) -> RedisResult<Self> {
        let mut decides = decides.iter().map(text);
        let position = (partition, now(link, decides.next().flatten())?);
        let generations = decides.map(|value| Stamp::read(value?)).collect();
        Ok(Self { entry, position, generations })
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

pub(super) fn bytes(value: Value) -> Option<Bytes> {
    match value {
        Value::BulkString(bytes) => Some(bytes.into()),
        _ => None,
    }
}
