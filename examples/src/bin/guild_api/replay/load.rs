//! The replay itself: so many clients at once, each taking the next request of the trace.

use super::client::{Client, Read, Refused, Tier};
use super::ledger::Ledger;
use super::rows::Rows;
use super::trace::Trace;
use super::{WRITE_EVERY, progress};
use crate::model::Written;
use anyhow::Context;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// What the clients saw.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The latency of each read, by who answered.
    pub(super) l1: Vec<Duration>,
    pub(super) l2: Vec<Duration>,
    pub(super) flights: Vec<Duration>,
    pub(super) loads: Vec<Duration>,
    pub(super) writes: u64,
    /// For each write that was committed and whose event could not be delivered, why.
    pub(super) not_announced: Vec<String>,
    pub(super) refused: Vec<Refused>,
    /// Each stale read, in words.
    pub(super) stale: Vec<String>,
}

/// Replays the trace, telling its progress on standard error.
///
/// # Errors
/// If the service cannot be reached or does not speak as expected.
pub(super) async fn replay(
    address: SocketAddr,
    trace: &Trace,
    rows: Rows,
    concurrency: usize,
) -> anyhow::Result<Tally> {
    let plan =
        Arc::new(Plan { requests: trace.requests.clone(), rows, next: AtomicUsize::new(0), ledger: Ledger::default() });
    let mut clients = JoinSet::new();
    for _ in 0..concurrency {
        let client = Client::connect(address).await.context("cannot connect to the service")?;
        clients.spawn(work(client, plan.clone()));
    }
    let all = async {
        let mut tally = Tally::default();
        while let Some(part) = clients.join_next().await {
            tally.add(part??);
        }
        Ok(tally)
    };
    progress::shown(&plan.next, trace.requests.len(), all).await
}

/// What the clients share.
struct Plan {
    requests: Vec<u32>,
    rows: Rows,
    next: AtomicUsize,
    ledger: Ledger,
}

async fn work(mut client: Client, plan: Arc<Plan>) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    loop {
        let at = plan.next.fetch_add(1, Ordering::Relaxed);
        let Some(row) = plan.requests.get(at) else {
            return Ok(tally);
        };
        let resource = plan.rows.resource(*row);
        if (at + 1).is_multiple_of(WRITE_EVERY) {
            let write = plan.rows.write(&resource, at / WRITE_EVERY);
            match client.write(write).await? {
                Err(refused) => tally.refused.push(refused),
                Ok(written) => tally.count_write(written, &plan.ledger),
            }
        } else {
            let path = resource.to_string();
            let acknowledged = plan.ledger.acknowledged(&path);
            match client.read(&path).await? {
                Ok(read) => tally.count_read(&path, read, acknowledged),
                Err(refused) => tally.refused.push(refused),
            }
        }
    }
}

impl Tally {
    /// A write that was not announced promises nothing about reads.
    fn count_write(&mut self, written: Written, ledger: &Ledger) {
        self.writes += 1;
        match written.not_announced {
            None => ledger.acknowledge(written.changed),
            Some(reason) => self.not_announced.push(reason),
        }
    }

    fn count_read(&mut self, path: &str, read: Read, acknowledged: u64) {
        let latencies = match read.tier {
            Tier::L1 => &mut self.l1,
            Tier::L2 => &mut self.l2,
            Tier::Flight => &mut self.flights,
            Tier::Load => &mut self.loads,
        };
        latencies.push(read.latency);
        if read.version < acknowledged {
            let Read { version, tier, .. } = read;
            self.stale.push(format!("version {version} of {path} from {tier:?} after {acknowledged} was acknowledged"));
        }
    }

    fn add(&mut self, other: Self) {
        self.l1.extend(other.l1);
        self.l2.extend(other.l2);
        self.flights.extend(other.flights);
        self.loads.extend(other.loads);
        self.writes += other.writes;
        self.not_announced.extend(other.not_announced);
        self.refused.extend(other.refused);
        self.stale.extend(other.stale);
    }
}
