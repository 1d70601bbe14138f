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
    CutOff,
    HalfOpen,
    Drip,
    Torn,
    Deaf,
    Apart,
    Split,
}

impl OfCluster {
    pub(crate) const ALL: [Self; 16] = [
        Self::None,
        Self::Frozen,
        Self::Killed,
        Self::Emptied,
        Self::TakenOver,
        Self::Moved,
        Self::Clients,
        Self::Full,
        Self::Flushed,
        Self::CutOff,
        Self::HalfOpen,
        Self::Drip,
        Self::Torn,
        Self::Deaf,
        Self::Apart,
        Self::Split,
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
            Self::CutOff => {
                ("c-cut-off", "connections to a primary are cut, and no others are to be had; its peers reach it")
            }
            Self::HalfOpen => {
                ("c-half-open", "connections to a primary are accepted, and nothing passes; its peers reach it")
            }
            Self::Drip => ("c-drip", "bytes to and from a primary come one by one, 2 ms apart"),
            Self::Torn => ("c-torn", "connections to a primary break in the middle of an answer"),
            Self::Deaf => ("c-deaf", "nothing passes on the connections on which the nodes listen, and they stand"),
            Self::Apart => (
                "c-apart",
                "a network that parts: nothing passes between a primary and anybody; a replica takes its place",
            ),
            Self::Split => {
                ("c-split", "one that splits: clients reach a primary, its peers do not, and a replica takes its place")
            }
        }
    }

    /// What has to happen before all is well again takes its time: a replica waits for 1.5 s of silence.
    pub(crate) fn at_least(self) -> Duration {
        match self {
            Self::Frozen | Self::Killed | Self::Apart | Self::Split => Duration::from_secs(6),
            _ => Duration::ZERO,
        }
    }

    /// A cluster that can be struck by it.
    pub(crate) fn cluster(self) -> RedisCluster {
        match self {
            Self::CutOff | Self::HalfOpen | Self::Drip | Self::Torn | Self::Deaf | Self::Apart | Self::Split => {
                RedisCluster::start_wired()
            }
            _ => RedisCluster::start_brittle(),
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
        _ => strike_wires(cluster, port, fault, lasts),
    }
    cluster.until("the cluster is well", || cluster.is_well());
}

fn strike_wires(cluster: &RedisCluster, port: u16, fault: OfCluster, lasts: Duration) {
    let wire = &cluster.wires(port).clients;
    let all = || cluster.running().map(|server| &cluster.wires(server.port()).clients);
    let begin_and_end: (&dyn Fn(), &dyn Fn()) = match fault {
        OfCluster::CutOff => (&|| wire.lead_to(0), &|| wire.lead_to(port)),
        OfCluster::HalfOpen => (&|| wire.hold(), &|| wire.release()),
        OfCluster::Drip => (&|| wire.drip(true), &|| wire.drip(false)),
        OfCluster::Torn => (&|| wire.tear(true), &|| wire.tear(false)),
        OfCluster::Deaf => {
            (&|| all().for_each(|wire| wire.deafen(true)), &|| all().for_each(|wire| wire.deafen(false)))
        }
        OfCluster::Apart => (
            &|| {
                wire.hold();
                cluster.part(port);
            },
            &|| {
                cluster.unite(port);
                wire.release();
            },
        ),
        _ => (&|| cluster.part(port), &|| cluster.unite(port)),
    };
    begin_and_end.0();
    std::thread::sleep(lasts);
    begin_and_end.1();
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
