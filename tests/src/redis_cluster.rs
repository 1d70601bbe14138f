//! A real Redis Cluster for a test: three primaries with a replica each.

use crate::{Proxy, RedisServer};
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the nodes may take to agree.
const PATIENCE: Duration = Duration::from_secs(60);

/// After how much silence a node counts as dead, in ms: one that is to be replaced soon, and one that a busy machine may
/// hold up without a replica taking its place.
const BRITTLE_MS: &str = "1500";
const STURDY_MS: &str = "15000";

/// So far above a server's port is the one at which the others talk to it.
const BUS: u16 = 10_000;

const OPTIONS: [&str; 8] = [
    "--cluster-enabled",
    "yes",
    "--cluster-replica-validity-factor",
    "0",
    "--cluster-require-full-coverage",
    "no",
    "--repl-diskless-sync-delay",
    "0",
];

/// A running cluster; dropping it kills its servers.
pub struct RedisCluster {
    servers: Vec<RedisServer>,
    /// Those of each server, if everybody reaches it by them.
    wires: Vec<Wires>,
    created: Vec<(u16, u16, u16)>,
    _memory: Option<TempDir>,
}

/// What lies between a server and everybody else.
pub struct Wires {
    /// From where it talks to the others.
    from: Ipv4Addr,
    /// To where it serves clients, and its replicas.
    pub clients: Proxy,
    /// To where the other servers talk to it.
    pub bus: Proxy,
}

impl Wires {
    fn laid(at: u8) -> Self {
        let nowhere = || Proxy::to(0).expect("a port can be had");
        Self { from: Ipv4Addr::new(127, 0, 0, 10 + at), clients: nowhere(), bus: nowhere() }
    }

    /// What a server says of where it is, and from where it talks.
    fn announced(&self) -> Vec<String> {
        let options = [
            ("--cluster-announce-ip", "127.0.0.1".to_owned()),
            ("--cluster-announce-port", self.clients.port().to_string()),
            ("--cluster-announce-bus-port", self.bus.port().to_string()),
            ("--bind-source-addr", self.from.to_string()),
        ];
        options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }
}

impl RedisCluster {
    /// Starts the servers and waits until they are a cluster and the replicas are up to date. No replica takes a place
    /// within what a test lasts.
    ///
    /// # Panics
    /// If `redis-server` or `redis-cli` is not installed, or the servers do not become a cluster.
    pub fn start() -> Self {
        Self::start_with(STURDY_MS, None, Vec::new())
    }

    /// The same, with replicas that soon take the place of a primary that dies or is frozen.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_brittle() -> Self {
        Self::start_with(BRITTLE_MS, Some(tempfile::tempdir().expect("a directory can be made")), Vec::new())
    }

    /// A brittle one whose servers are reached by wires of ours alone: they tell clients, and each other, that they are
    /// at our ends of them.
    ///
    /// # Panics
    /// As [`start`](Self::start), and if no port can be had.
    pub fn start_wired() -> Self {
        let memory = tempfile::tempdir().expect("a directory can be made");
        Self::start_with(BRITTLE_MS, Some(memory), (0..6).map(Wires::laid).collect())
    }

    /// From now on, the server at a port and the others hear nothing of each other; clients are not concerned, and neither
    /// are replicas.
    pub fn part(&self, port: u16) {
        self.wires(port).bus.hold();
        self.wires.iter().for_each(|wires| wires.bus.hold_from(self.wires(port).from.into()));
    }

    /// They hear of each other again.
    pub fn unite(&self, port: u16) {
        self.wires(port).bus.release();
        self.wires.iter().for_each(|wires| wires.bus.release_from(self.wires(port).from.into()));
    }

    /// The wires of the server at a port.
    ///
    /// # Panics
    /// If it has none.
    pub fn wires(&self, port: u16) -> &Wires {
        let at = self.servers.iter().position(|server| server.port() == port);
        at.and_then(|at| self.wires.get(at)).expect("it is one of ours, and has wires")
    }

    /// With a memory, what a node knows of the others outlives it, so that it is the same one when it comes back.
    fn start_with(node_timeout_ms: &str, memory: Option<TempDir>, wires: Vec<Wires>) -> Self {
        let start = |at: usize| {
            let file = memory.as_ref().map(|memory| memory.path().join(format!("{at}.conf")).display().to_string());
            let file = file.unwrap_or_else(|| "nodes.conf".to_owned());
            let of_its_own = ["--cluster-node-timeout", node_timeout_ms, "--cluster-config-file", &file];
            let announced = wires.get(at).map(Wires::announced).unwrap_or_default();
            let announced: Vec<&str> = announced.iter().map(String::as_str).collect();
            let server = RedisServer::start_with(&[&OPTIONS[..], &of_its_own, &announced].concat());
            if let Some(wires) = wires.get(at) {
                wires.clients.lead_to(server.port());
                wires.bus.lead_to(server.port() + BUS);
            }
            server
        };
        let servers: Vec<RedisServer> = (0..6).map(start).collect();
        let cluster = Self { servers, wires, created: vec![], _memory: memory };
        let created = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(cluster.addresses())
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .stdin(Stdio::null())
            .output()
            .expect("redis-cli is installed");
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
        cluster.until("the cluster is well", || cluster.is_well());
        Self { created: cluster.owners(), ..cluster }
    }

    /// `redis+cluster://127.0.0.1:…,127.0.0.1:…`
    pub fn url(&self) -> String {
        format!("redis+cluster://{}", self.addresses().join(","))
    }

    /// Where clients find the servers that run.
    fn addresses(&self) -> Vec<String> {
        self.running().map(|server| format!("127.0.0.1:{}", self.announced(server))).collect()
    }

    /// The port that a server tells clients.
    fn announced(&self, server: &RedisServer) -> u16 {
        if self.wires.is_empty() { server.port() } else { self.wires(server.port()).clients.port() }
    }

    /// The servers that run.
    pub fn running(&self) -> impl Iterator<Item = &RedisServer> {
        self.servers.iter().filter(|server| server.is_running())
    }

    /// The primary that has the slot of a key.
    ///
    /// # Panics
    /// If none has.
    pub fn owner(&self, key: &str) -> &RedisServer {
        let slot = self.slot(key);
        let port = self.owners().into_iter().find(|(first, last, _)| (*first..=*last).contains(&slot));
        self.at(port.expect("the slot is served").2)
    }

    /// Kills the primary that has the slot of a key, as `kill -9` does, and tells its port.
    ///
    /// # Panics
    /// If none has.
    pub fn kill_owner(&mut self, key: &str) -> u16 {
        let port = self.owner(key).port();
        self.kill(port);
        port
    }

    /// Kills the server at a port, as `kill -9` does.
    ///
    /// # Panics
    /// If there is none.
    pub fn kill(&mut self, port: u16) {
        self.servers.iter_mut().find(|server| server.port() == port).expect("it is one of ours").kill();
    }

    /// Starts a server of a brittle cluster again that was killed, with nothing in it: as the primary that it was, if no
    /// replica has taken its place yet, else as a replica.
    ///
    /// # Panics
    /// If there is none, or it does not start.
    pub fn restart_empty(&mut self, port: u16) {
        self.servers.iter_mut().find(|server| server.port() == port).expect("it is one of ours").restart_empty();
    }

    /// The ports of those who have slots now.
    pub fn primaries(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.owners().into_iter().map(|(.., port)| port).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// Moves the slot of a key to another primary, key by key and with pauses, as tools do with large slots; `between` is
    /// done after each key.
    pub fn migrate(&self, key: &str, mut between: impl FnMut()) {
        let slot = self.slot(key).to_string();
        let from = self.owner(key);
        let ports: Vec<u16> = self.owners().into_iter().map(|(.., port)| port).collect();
        let to = self.at(ports.into_iter().find(|port| *port != from.port()).expect("there are others"));
        let id = |server: &RedisServer| server.command(&["CLUSTER", "MYID"]).lines().last().unwrap_or("").to_owned();
        let (from_id, to_id) = (id(from), id(to));
        assert_eq!(to.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]), "+OK");
        assert_eq!(from.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]), "+OK");
        loop {
            let answer = from.command(&["CLUSTER", "GETKEYSINSLOT", &slot, "1"]);
            let Some(name) = answer.splitn(3, "\r\n").nth(2) else { break };
            let moved = from.command(&["MIGRATE", "127.0.0.1", &to.port().to_string(), name, "0", "5000"]);
            // It may have expired meanwhile.
            assert!(["+OK", "+NOKEY"].contains(&moved.as_str()), "{moved}");
            between();
        }
        for server in [to, from] {
            assert_eq!(server.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id]), "+OK");
        }
    }

    /// Waits until something holds.
    ///
    /// # Panics
    /// If it takes more than a minute.
    pub fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The server at a port.
    ///
    /// # Panics
    /// If there is none.
    pub fn at(&self, port: u16) -> &RedisServer {
        self.servers.iter().find(|server| server.port() == port).expect("it is one of ours")
    }

    /// The slot of a key.
    ///
    /// # Panics
    /// If no server runs.
    pub fn slot(&self, key: &str) -> u16 {
        let any = self.running().next().expect("a server runs");
        any.command(&["CLUSTER", "KEYSLOT", key]).trim_start_matches(':').parse().expect("a slot is a number")
    }

    /// The slots that the cluster was created with at a port, whatever has become of it.
    pub fn slots_of(&self, port: u16) -> Vec<RangeInclusive<u16>> {
        let created = self.created.iter().filter(|(.., of)| *of == port);
        created.map(|(first, last, _)| *first..=*last).collect()
    }

    /// The port of a server at which somebody listens.
    pub fn subscribed(&self) -> Option<u16> {
        let has_channels = |server: &&RedisServer| server.command(&["PUBSUB", "CHANNELS"]) != "*0";
        self.running().find(has_channels).map(RedisServer::port)
    }

    /// First slot, last slot and port of each primary's ranges.
    fn owners(&self) -> Vec<(u16, u16, u16)> {
        let nodes = self.running().next().expect("a server runs").command(&["CLUSTER", "NODES"]);
        let mut owners = Vec::new();
        for line in nodes.lines().filter(|line| line.contains("master") && !line.contains("fail")) {
            let words: Vec<&str> = line.split(' ').collect();
            let port = words[1].split(['@', ',']).next().and_then(|address| address.rsplit(':').next());
            let told: u16 = port.and_then(|port| port.parse().ok()).expect("a node has a port");
            let port = self.servers.iter().find(|server| self.announced(server) == told).map(RedisServer::port);
            let port = port.expect("it is one of ours");
            for range in words.iter().skip(8).filter(|range| !range.starts_with('[')) {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                owners.push((first.parse().expect("a slot"), last.trim().parse().expect("a slot"), port));
            }
        }
        owners
    }

    /// Whether all slots are served and every server is up to date with its primary.
    pub fn is_well(&self) -> bool {
        self.running().all(|server| {
            let info = server.command(&["CLUSTER", "INFO"]);
            let replication = server.command(&["INFO", "replication"]);
            info.contains("cluster_state:ok")
                && info.contains("cluster_known_nodes:6")
                && (replication.contains("master_link_status:up") || replication.contains("state=online"))
        })
    }
}
