//! Where a server is: at an address, or where sentinels say.

use super::reach::Reach;
use super::sentinel::Sentinels;
use redis::RedisResult;
use std::sync::Arc;

#[derive(Clone)]
pub(super) enum Place {
    At(Reach),
    Named(Arc<Sentinels>),
}

impl Place {
    /// Where to connect to now.
    pub(super) async fn find(&self) -> RedisResult<Reach> {
        match self {
            Self::At(reach) => Ok(reach.clone()),
            Self::Named(sentinels) => sentinels.primary().await,
        }
    }
}
