//! What is done to Redis and to the wire, and undone.

use crate::cluster::{self, OfCluster, again_and_again};
use cache_tests::{Proxy, RedisCluster, RedisServer};
use std::time::Duration;

/// One way in which it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Absent,
    Frozen,
    Killed,
    Snapshot,
    Slow,
    Drip,
    Cut,
    Torn,
    HalfOpen,
    Deaf,
    Asleep,
    Clients,
    Full,
    NoReplicas,
    Flushed,
    Revoked,
    OfCluster(OfCluster),
}

/// What is struck.
pub(crate) enum Target {
    One(Wired),
    Cluster(RedisCluster),
}

/// A server, and the wire to it.
pub(crate) struct Wired {
    redis: RedisServer,
    wire: Proxy,
}

impl Fault {
    const OF_ONE: [Self; 17] = [
        Self::None,
        Self::Absent,
        Self::Frozen,
        Self::Killed,
        Self::Snapshot,
        Self::Slow,
        Self::Drip,
        Self::Cut,
        Self::Torn,
        Self::HalfOpen,
        Self::Deaf,
        Self::Asleep,
        Self::Clients,
        Self::Full,
        Self::NoReplicas,
        Self::Flushed,
        Self::Revoked,
    ];

    pub(crate) fn all() -> Vec<Self> {
        Self::OF_ONE.into_iter().chain(OfCluster::ALL.map(Self::OfCluster)).collect()
    }

    pub(crate) fn is_of_cluster(self) -> bool {
        matches!(self, Self::OfCluster(_))
    }

    /// For how long it is done, if told so long.
    pub(crate) fn lasts(self, told: Duration) -> Duration {
        match self {
            Self::OfCluster(fault) => told.max(fault.at_least()),
            _ => told,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.told().0
    }

    pub(crate) fn words(self) -> &'static str {
        self.told().1
    }

    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::None => ("none", "nothing"),
            Self::Absent => ("absent", "Redis is not there when the nodes start"),
            Self::Frozen => ("frozen", "SIGSTOP of Redis: connections stand, and nothing answers"),
            Self::Killed => ("killed", "kill -9 of Redis, which comes back empty"),
            Self::Snapshot => ("snapshot", "kill -9 of Redis, which comes back with what it had before the row"),
            Self::Slow => ("slow", "every piece of an answer takes 200 ms: past all deadlines"),
            Self::Drip => ("drip", "bytes come one by one, 2 ms apart"),
            Self::Cut => ("cut", "connections are cut every 50 ms"),
            Self::Torn => ("torn", "connections break in the middle of an answer"),
            Self::HalfOpen => ("half-open", "connections are accepted, and nothing passes"),
            Self::Deaf => ("deaf", "nothing passes on the connections on which the nodes listen, and they stand"),
            Self::Asleep => ("asleep", "DEBUG SLEEP: Redis serves nobody for a while"),
            Self::Clients => ("clients", "CLIENT KILL of everybody, every 50 ms"),
            Self::Full => ("full", "maxmemory is reached, and nothing may be evicted"),
            Self::NoReplicas => ("no-replicas", "Redis refuses writes, for want of replicas"),
            Self::Flushed => ("flushed", "FLUSHALL, every 50 ms"),
            Self::Revoked => ("revoked", "the user of the nodes loses all rights"),
            Self::OfCluster(fault) => fault.told(),
        }
    }

    /// Whether Redis refuses invalidations for good, as far as it says: then `emit` returns the error.
    pub(crate) fn may_refuse(self) -> bool {
        self == Self::Revoked
    }
}

impl Target {
    pub(crate) fn new(fault: Fault) -> anyhow::Result<Self> {
        match fault {
            Fault::OfCluster(fault) => Ok(Self::Cluster(fault.cluster())),
            _ => Ok(Self::One(Wired::new(fault)?)),
        }
    }

    /// Where nodes find it, and as whom.
    pub(crate) fn url(&self, fault: Fault) -> String {
        match (self, fault) {
            (Self::Cluster(cluster), _) => cluster.url(),
            (Self::One(one), Fault::Clients | Fault::Revoked) => {
                one.wire.url().replace("redis://", "redis://cache:secret@")
            }
            (Self::One(one), _) => one.wire.url(),
        }
    }

    /// Lets it go wrong for so long. What was broken is whole again when it returns.
    pub(crate) fn strike(&mut self, fault: Fault, lasts: Duration) {
        match (self, fault) {
            (Self::Cluster(cluster), Fault::OfCluster(fault)) => cluster::strike(cluster, fault, lasts),
            (Self::Cluster(_), _) => unreachable!("a cluster is struck by faults of its own"),
            (Self::One(one), fault) => one.strike(fault, lasts),
        }
    }
}

impl Wired {
    /// Where it is done to the nodes' user, they have one of their own.
    fn new(fault: Fault) -> anyhow::Result<Self> {
        let mut redis = RedisServer::start_with(&["--enable-debug-command", "yes"]);
        let wire = Proxy::to(redis.port())?;
        match fault {
            Fault::Absent => redis.kill(),
            Fault::Clients | Fault::Revoked => let_in(&redis),
            _ => {}
        }
        Ok(Self { redis, wire })
    }

    fn strike(&mut self, fault: Fault, lasts: Duration) {
        match fault {
            Fault::None | Fault::OfCluster(_) => std::thread::sleep(lasts),
            Fault::Absent => {
                std::thread::sleep(lasts);
                self.come_back(None);
            }
            Fault::Frozen => {
                self.redis.pause();
                std::thread::sleep(lasts);
                self.redis.resume();
            }
            Fault::Killed | Fault::Snapshot => {
                let snapshot = (fault == Fault::Snapshot).then(|| self.redis.snapshot());
                std::thread::sleep(lasts / 3);
                self.redis.kill();
                std::thread::sleep(lasts * 2 / 3);
                self.come_back(snapshot);
            }
            Fault::Slow => {
                self.wire.delay(Duration::from_millis(200));
                std::thread::sleep(lasts);
                self.wire.delay(Duration::ZERO);
            }
            Fault::Drip => {
                self.wire.drip(true);
                std::thread::sleep(lasts);
                self.wire.drip(false);
            }
            Fault::Torn => {
                self.wire.tear(true);
                std::thread::sleep(lasts);
                self.wire.tear(false);
            }
            Fault::HalfOpen => {
                self.wire.hold();
                self.wire.cut();
                std::thread::sleep(lasts);
                self.wire.release();
            }
            Fault::Deaf => {
                self.wire.deafen(true);
                std::thread::sleep(lasts);
                self.wire.deafen(false);
            }
            Fault::Cut => again_and_again(lasts, || self.wire.cut()),
            Fault::Clients => again_and_again(lasts, || {
                self.redis.command(&["CLIENT", "KILL", "USER", "cache"]);
            }),
            Fault::Flushed => again_and_again(lasts, || {
                self.redis.command(&["FLUSHALL"]);
            }),
            Fault::Asleep => {
                self.redis.command(&["DEBUG", "SLEEP", &lasts.as_secs_f64().to_string()]);
            }
            Fault::Full => self.configured(lasts, "maxmemory", "1", "0"),
            Fault::NoReplicas => self.configured(lasts, "min-replicas-to-write", "1", "0"),
            Fault::Revoked => {
                self.redis.command(&["ACL", "SETUSER", "cache", "-@all"]);
                std::thread::sleep(lasts);
                let_in(&self.redis);
            }
        }
    }

    fn configured(&self, lasts: Duration, name: &str, during: &str, after: &str) {
        self.redis.command(&["CONFIG", "SET", name, during]);
        std::thread::sleep(lasts);
        self.redis.command(&["CONFIG", "SET", name, after]);
    }

    fn come_back(&mut self, snapshot: Option<Vec<u8>>) {
        match snapshot {
            Some(snapshot) => self.redis.restart_from(&snapshot),
            None => self.redis.restart_empty(),
        }
    }
}

fn let_in(redis: &RedisServer) {
    redis.command(&["ACL", "SETUSER", "cache", "on", ">secret", "~*", "&*", "+@all"]);
}
