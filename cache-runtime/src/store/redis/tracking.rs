//! A connection that hears of every change of an entry, whoever makes it: RESP3's tracking in broadcast mode.
//!
//! A server tells of a name that is written, deleted, expired or evicted, and of a flush of all; not of what is there now.

use super::connect::{Wire, open_pushed};
use super::reach::Reach;
use redis::aio::MultiplexedConnection;
use redis::{ProtocolVersion, PushInfo, RedisResult, cmd};
use tokio::sync::broadcast::{self, Receiver};

/// How many pushes a listener may be behind before it has to listen anew.
const MAX_BEHIND: usize = 16_384;

/// The connection, and what is pushed over it.
pub(crate) struct Tracking {
    wire: Wire<MultiplexedConnection>,
    pub(crate) pushes: Receiver<PushInfo>,
}

impl Tracking {
    /// To ask the server whether it is still there.
    pub(crate) fn connection(&self) -> MultiplexedConnection {
        self.wire.line.clone()
    }
}

/// Subscribes to channels, and has all names tracked that begin with one of `prefixes`.
pub(super) async fn open_tracking(reach: &Reach, channels: &[&String], prefixes: &[&String]) -> RedisResult<Tracking> {
    let settings = reach.info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let (sender, pushes) = broadcast::channel(MAX_BEHIND);
    let reach = Reach { info: reach.info.clone().set_redis_settings(settings), tls: reach.tls.clone() };
    let mut wire = open_pushed(&reach, sender).await?;
    let mut track = cmd("CLIENT");
    track.arg("TRACKING").arg("ON").arg("BCAST");
    for prefix in prefixes {
        track.arg("PREFIX").arg(prefix);
    }
    track.query_async::<()>(&mut wire.line).await?;
    wire.line.subscribe(channels).await?;
    Ok(Tracking { wire, pushes })
}
