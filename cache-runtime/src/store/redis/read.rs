//! The read: one round trip, no script, and what its answer means.

use super::ONLY;
use super::connect::{Link, foreign};
use super::names::Names;
use crate::stamp::Stamp;
use crate::store::{Position, Read, Snapshot, Want};
use ::redis::{RedisResult, Value, cmd, pipe};
use bytes::Bytes;

pub(super) async fn read(link: &Link, names: &Names, read: Read<'_>) -> RedisResult<Snapshot> {
    let mut connection = link.connection.clone();
    let mut decides = vec![names.meta()];
    decides.extend(names.generations(read.dependencies));
    let (entry, decides) = match read.want {
        Want::Whole => {
            let mut values: Vec<Value> =
                cmd("MGET").arg(names.entry(read.key)).arg(decides).query_async(&mut connection).await?;
            let rest = values.split_off(values.len().min(1));
            (values.pop().and_then(bytes), rest)
        }
        Want::Head(len) => {
            // The meta first: one that is newer than the entry would vouch for what was removed in between.
            let mut both = pipe();
            both.cmd("MGET").arg(decides).cmd("GETRANGE").arg(names.entry(read.key)).arg(0).arg(len.max(1) - 1);
            let (rest, head): (Vec<Value>, Value) = both.query_async(&mut connection).await?;
            // There is no empty entry: an empty range is that of a key that is absent.
            (bytes(head).filter(|head| !head.is_empty()).map(|head| head.slice(..len.min(head.len()))), rest)
        }
    };
    snapshot(link, entry, decides)
}

/// Makes sense of the meta and the generations; what does not parse is as good as absent.
fn snapshot(link: &Link, entry: Option<Bytes>, decides: Vec<Value>) -> RedisResult<Snapshot> {
    let mut decides = decides.into_iter().map(bytes);
    let now = now(link, decides.next().flatten())?;
    let generations = decides.map(|value| Stamp::parse(std::str::from_utf8(&value?).ok()?)).collect();
    Ok(Snapshot { entry, partitions: vec![(ONLY, now)], generations })
}

/// Where the partition stands.
pub(super) async fn position(link: &Link, names: &Names) -> RedisResult<Position> {
    let meta: Value = cmd("GET").arg(names.meta()).query_async(&mut link.connection.clone()).await?;
    Ok((ONLY, now(link, bytes(meta))?))
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

fn bytes(value: Value) -> Option<Bytes> {
    match value {
        Value::BulkString(bytes) => Some(bytes.into()),
        _ => None,
    }
}
