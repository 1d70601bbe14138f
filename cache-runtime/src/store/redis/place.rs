//! Where a server is: at an address, or where sentinels say.

use super::sentinel::Sentinels;
use redis::{ConnectionInfo, RedisResult};
use std::sync::Arc;

#[derive(Clone)]
pub(super) enum Place {
    At(ConnectionInfo),
    Named(Arc<Sentinels>),
}

impl Place {
    /// Where to connect to now.
    pub(super) async fn find(&self) -> RedisResult<ConnectionInfo> {
        match self {
            Self::At(info) => Ok(info.clone()),
            Self::Named(sentinels) => sentinels.primary().await,
        }
    }
}
