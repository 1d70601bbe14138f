//! What is done to a cluster of three primaries with a replica each, and undone.

use cache_tests::{RedisCluster, RedisServer};
use std::time::{Duration, Instant};

/// One way in which a cluster goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfCluster {
    None,
    Frozen,
    Killed,
    Emptied,
    TakenOver,
    Moved,
    Clients,
    Full,
    Flushed,
}

impl OfCluster {
    pub(crate) const ALL: [Self; 9] = [
        Self::None,
        Self::Frozen,
        Self::Killed,
        Self::Emptied,
        Self::TakenOver,
        Self::Moved,
        Self::Clients,
        Self::Full,
        Self::Flushed,
    ];

    pub(crate) fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::None => ("c-none", "a cluster, and nothing"),
            Self::Frozen => ("c-frozen", "SIGSTOP of a primary; a replica takes its place, and it comes back as one"),
            Self::Killed => ("c-killed", "kill -9 of a primary; a replica takes its place, and it comes back empty"),
            Self::Emptied => ("c-emptied", "kill -9 of a primary, which is back, empty, before anybody replaces it"),
            Self::TakenOver => ("c-takeover", "CLUSTER FAILOVER TAKEOVER: a replica takes a place without asking"),
            Self::Moved => ("c-moved", "slots are moved, key by key, again and again"),
            Self::Clients => ("c-clients", "CLIENT KILL of everybody on every node, every 50 ms"),
            Self::Full => ("c-full", "a primary has no memory left, and nothing may be evicted"),
            Self::Flushed => ("c-flushed", "FLUSHALL of a primary, every 50 ms"),
        }
    }

    /// What has to happen before all is well again takes its time: a replica waits for 1.5 s of silence.
    pub(crate) fn at_least(self) -> Duration {
        match self {
            Self::Frozen | Self::Killed => Duration::from_secs(6),
            _ => Duration::ZERO,
        }
    }
}

/// Lets it go wrong for so long. The cluster is well again when this returns.
pub(crate) fn strike(cluster: &mut RedisCluster, fault: OfCluster, lasts: Duration) {
    // The primary whose partitions the rows mostly are in is as good as any.
    let port = cluster.owner("{p0}").port();
    match fault {
        OfCluster::None => std::thread::sleep(lasts),
        OfCluster::Frozen => {
            cluster.at(port).pause();
            std::thread::sleep(lasts);
            cluster.at(port).resume();
        }
        OfCluster::Killed => {
            cluster.kill(port);
            std::thread::sleep(lasts);
            cluster.restart_empty(port);
        }
        OfCluster::Emptied => {
            cluster.kill(port);
            std::thread::sleep(Duration::from_millis(300));
            cluster.restart_empty(port);
            std::thread::sleep(lasts);
        }
        OfCluster::TakenOver => {
            let replica = a_replica(cluster);
            cluster.at(replica).command(&["CLUSTER", "FAILOVER", "TAKEOVER"]);
            std::thread::sleep(lasts);
        }
        OfCluster::Moved => {
            let until = Instant::now() + lasts;
            for nth in (0..256).cycle().take_while(|_| Instant::now() < until) {
                cluster.migrate(&format!("{{p{nth}}}"), || std::thread::sleep(Duration::from_millis(1)));
            }
        }
        OfCluster::Clients => again_and_again(lasts, || {
            for server in cluster.running() {
                server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
                server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
            }
        }),
        OfCluster::Full => {
            cluster.at(port).command(&["CONFIG", "SET", "maxmemory", "1"]);
            std::thread::sleep(lasts);
            cluster.at(port).command(&["CONFIG", "SET", "maxmemory", "0"]);
        }
        OfCluster::Flushed => again_and_again(lasts, || {
            cluster.at(port).command(&["FLUSHALL"]);
        }),
    }
    cluster.until("the cluster is well", || cluster.is_well());
}

fn a_replica(cluster: &RedisCluster) -> u16 {
    let primaries = cluster.primaries();
    let ports = cluster.running().map(RedisServer::port);
    ports.into_iter().find(|port| !primaries.contains(port)).expect("each primary has a replica")
}

pub(crate) fn again_and_again(lasts: Duration, strike: impl Fn()) {
    let until = Instant::now() + lasts;
    while Instant::now() < until {
        strike();
        std::thread::sleep(Duration::from_millis(50));
    }
}
