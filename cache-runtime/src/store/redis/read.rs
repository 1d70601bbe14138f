//! The read: no script, one `MGET` in each partition involved, all at once; and what the answers mean.

use super::connect::Link;
use super::deal::involved;
use super::faults::foreign;
use super::names::Names;
use super::route::Lane;
use super::{RedisStore, first_error};
use crate::error::StoreError;
use crate::key::{Dependency, Key};
use crate::stamp::{Partition, Stamp};
use crate::store::{Position, Read, Snapshot, Want};
use ::redis::{RedisResult, Value, cmd, pipe};
use bytes::Bytes;
use futures_util::future::join_all;
use std::sync::Arc;

impl RedisStore {
    pub(super) async fn look(&self, namespace: &str, read: Read<'_>) -> Result<Snapshot, StoreError> {
        let count = self.route.partitions();
        let home = read.key.partition(count);
        let looks = involved(read.key, read.dependencies, count).into_iter().map(|(partition, dependencies)| {
            let entry = (partition == home).then_some((read.key, read.want));
            async move { self.look_at(&Names::new(namespace, partition), entry, &dependencies).await }
        });
        let parts = self.within(self.read_deadline, namespace, async { first_error(join_all(looks).await) }).await?;
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
        dependencies: &[&Dependency],
    ) -> RedisResult<Part> {
        let ask = |link: Arc<Link>| async move {
            let mut decides = vec![names.meta()];
            decides.extend(names.generations(dependencies));
            let (entry, decides) = match entry {
                None => (None, mget(&link, decides).await?),
                Some((key, Want::Whole)) => {
                    decides.insert(0, names.entry(key));
                    let mut values = mget(&link, decides).await?;
                    let rest = values.split_off(values.len().min(1));
                    (values.pop().and_then(bytes), rest)
                }
                Some((key, Want::Head(len))) => head(&link, decides, names.entry(key), len).await?,
            };
            Part::of(&link, names.partition, entry, decides)
        };
        self.route.ask(names, Lane::Shared, &ask).await
    }

    pub(super) async fn stand(&self, namespace: &str, partitions: &[Partition]) -> Result<Vec<Position>, StoreError> {
        let looks = partitions.iter().map(|partition| async {
            let names = &Names::new(namespace, *partition);
            let ask = |link: Arc<Link>| async move {
                let meta: Value = cmd("GET").arg(names.meta()).query_async(&mut link.connection()).await?;
                Ok((names.partition, now(&link, bytes(meta))?))
            };
            self.route.ask(names, Lane::Shared, &ask).await
        });
        self.within(self.read_deadline, namespace, async { first_error(join_all(looks).await) }).await
    }
}

pub(super) async fn mget(link: &Link, names: Vec<String>) -> RedisResult<Vec<Value>> {
    cmd("MGET").arg(names).query_async(&mut link.connection()).await
}

/// What decides about an entry, and its first bytes. In this order: a meta that is newer than the entry would vouch for
/// what was removed in between.
async fn head(
    link: &Link,
    decides: Vec<String>,
    entry: String,
    len: usize,
) -> RedisResult<(Option<Bytes>, Vec<Value>)> {
    let mut both = pipe();
    both.cmd("MGET").arg(decides).cmd("GETRANGE").arg(entry).arg(0).arg(len.max(1) - 1);
    let (decides, head): (Vec<Value>, Value) = both.query_async(&mut link.connection()).await?;
    // There is no empty entry: an empty range is that of a key that is absent.
    let head = bytes(head).filter(|head| !head.is_empty());
    Ok((head.map(|head| head.slice(..len.min(head.len()))), decides))
}

/// What one partition answered.
pub(super) struct Part {
    entry: Option<Bytes>,
    pub(super) position: Position,
    pub(super) generations: Vec<Option<Stamp>>,
}

impl Part {
    /// Makes sense of the meta and the generations; what does not parse is as good as absent.
    pub(super) fn of(
        link: &Link,
        partition: Partition,
        entry: Option<Bytes>,
        decides: Vec<Value>,
    ) -> RedisResult<Self> {
        let mut decides = decides.into_iter().map(bytes);
        let position = (partition, now(link, decides.next().flatten())?);
        let generations = decides.map(|value| Stamp::parse(std::str::from_utf8(&value?).ok()?)).collect();
        Ok(Self { entry, position, generations })
    }
}

fn now(link: &Link, meta: Option<Bytes>) -> RedisResult<Option<Stamp>> {
    match meta.as_deref().and_then(|meta| meta_of(std::str::from_utf8(meta).ok()?)) {
        Some((_, incarnation)) if incarnation != link.incarnation => Err(foreign()),
        known => Ok(known.map(|(now, _)| now)),
    }
}

/// The stamp and the incarnation that a meta names.
fn meta_of(text: &str) -> Option<(Stamp, &str)> {
    let (epoch, rest) = text.split_once(':')?;
    let (_, incarnation) = rest.split_once(':')?;
    Some((Stamp::parse(&text[..text.len() - incarnation.len() - 1])?, incarnation)).filter(|_| !epoch.is_empty())
}

pub(super) fn bytes(value: Value) -> Option<Bytes> {
    match value {
        Value::BulkString(bytes) => Some(bytes.into()),
        _ => None,
    }
}
