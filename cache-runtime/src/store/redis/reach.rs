//! How a server is reached: where it is, as whom, and whether the wire is encrypted.

use super::tls::Connector;
use redis::{ConnectionAddr, ConnectionInfo};

#[derive(Clone)]
pub(super) struct Reach {
    pub(super) info: ConnectionInfo,
    pub(super) tls: Option<Connector>,
}

impl Reach {
    /// Another server that lets us in the same way.
    pub(super) fn of(&self, host: String, port: u16) -> Self {
        Self { info: self.info.clone().set_addr(ConnectionAddr::Tcp(host, port)), tls: self.tls.clone() }
    }
}
