//! Which server is the primary now, as sentinels know it.
//!
//! Asked anew for every connection: a switch ends the connections to the old primary, or makes it refuse what is written.

use super::connect::{Wire, field};
use super::reach::Reach;
use redis::{ErrorKind, RedisError, RedisResult, cmd};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The sentinels that watch over one primary.
pub(super) struct Sentinels {
    /// Where they are, and how they let us in.
    pub(super) sentinels: Vec<Reach>,
    /// What they call the primary.
    pub(super) primary: String,
    /// How the primary lets us in.
    pub(super) settings: Reach,
    /// The one that answered last.
    pub(super) first: AtomicUsize,
}

impl Sentinels {
    /// The primary's address, by the first sentinel that knows one which agrees.
    pub(super) async fn primary(&self) -> RedisResult<Reach> {
        let first = self.first.load(Ordering::Relaxed);
        let mut said = None;
        for at in (0..self.sentinels.len()).map(|offset| (first + offset) % self.sentinels.len()) {
            // The next caller begins with the next one, should this one not answer before the caller gives up.
            self.first.store(at + 1, Ordering::Relaxed);
            match self.ask(&self.sentinels[at]).await {
                Ok(found) => {
                    self.first.store(at, Ordering::Relaxed);
                    return Ok(found);
                }
                Err(error) => said = Some(error),
            }
        }
        Err(said.unwrap_or_else(|| RedisError::from((ErrorKind::InvalidClientConfig, "no sentinel is named"))))
    }

    async fn ask(&self, sentinel: &Reach) -> RedisResult<Reach> {
        let mut connection = Wire::open(sentinel).await?;
        let mut ask = cmd("SENTINEL");
        ask.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.primary);
        let found: Option<(String, u16)> = ask.query_async(&mut connection.line).await?;
        let unknown = || RedisError::from((ErrorKind::Client, "the sentinels know no primary of this name"));
        let (host, port) = found.ok_or_else(unknown)?;
        let reach = self.settings.of(host, port);
        // A sentinel may be behind, and a server that has just been demoted still answers reads.
        let mut primary = Wire::open(&reach).await?;
        let replication: String = cmd("INFO").arg("replication").query_async(&mut primary.line).await?;
        match field(&replication, "role") {
            Some("master") => Ok(reach),
            _ => Err((ErrorKind::Client, "the server that the sentinels name is no primary").into()),
        }
    }
}
