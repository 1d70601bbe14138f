//! What stands for TLS in a build without the feature `tls`: nothing is encrypted, and who asks for it is told.

use crate::error::StoreError;
use tokio::net::TcpStream;

/// There are no certificates to give.
pub(super) enum Tls {}

#[derive(Clone)]
pub(super) enum Connector {}

/// Never made.
pub(super) type Encrypted = TcpStream;

impl Connector {
    pub(super) fn of(_: Option<&Tls>) -> Result<Self, StoreError> {
        let problem = "this build does not speak TLS; enable the feature `tls` of cache-runtime".to_owned();
        Err(StoreError::Tls { problem })
    }

    pub(super) async fn over(&self, _: &str, _: TcpStream) -> std::io::Result<Encrypted> {
        match *self {}
    }

    pub(super) fn explained(&self, _: redis::RedisError) -> redis::RedisError {
        match *self {}
    }
}
