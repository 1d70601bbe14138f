//! What is done to a cluster. A primary that is away for long is replaced; one that comes back is a replica then.

use super::{Fault, Servers, Stage};
use anyhow::bail;
use cache_tests::RedisCluster;
use std::time::{Duration, Instant};

/// What a mixed row draws from.
const MIXED: [Fault; 10] = [
    Fault::Kill,
    Fault::Pause,
    Fault::Flush,
    Fault::Refuse,
    Fault::Clients,
    Fault::Pubsub,
    Fault::Partition,
    Fault::PausedProcess,
    Fault::PausedLoading,
    Fault::Move,
];

impl Stage {
    pub(super) fn strike_cluster(&mut self, fault: Fault) -> anyhow::Result<()> {
        match fault {
            Fault::None => {}
            Fault::Kill => self.kill_a_primary(),
            Fault::Pause => self.pause_a_primary(),
            Fault::Flush => {
                let port = self.primary();
                self.cluster().at(port).command(&["FLUSHALL"]);
                self.tell(format!("the primary at {port} is flushed"));
            }
            Fault::Refuse => self.refuse_at_a_primary(),
            Fault::Clients => self.hang_up_everywhere("normal"),
            Fault::Pubsub => self.hang_up_everywhere("pubsub"),
            Fault::Partition => {
                let until = Instant::now() + self.draw(0.5, 3.0);
                while Instant::now() < until {
                    self.hang_up_everywhere("pubsub");
                }
            }
            Fault::PausedProcess | Fault::PausedLoading => self.stop_a_node()?,
            Fault::Clock => self.turn_a_clock()?,
            Fault::Failover => self.switch(),
            Fault::Move => self.move_a_slot(),
            Fault::Mixed => {
                let fault = MIXED[self.rng.usize(..MIXED.len())];
                self.strike_cluster(fault)?;
            }
            Fault::RestartEmpty | Fault::RestartSnapshot | Fault::Evict | Fault::Silence => {
                bail!("{} is not done to a cluster", fault.name());
            }
        }
        self.wait_until_well();
        Ok(())
    }

    fn cluster(&mut self) -> &mut RedisCluster {
        match &mut self.servers {
            Servers::Cluster(cluster) => cluster,
            Servers::One { .. } => unreachable!("one server is struck by faults of its own"),
        }
    }

    /// The port of one that has slots.
    fn primary(&mut self) -> u16 {
        let primaries = self.cluster().primaries();
        primaries[self.rng.usize(..primaries.len())]
    }

    fn kill_a_primary(&mut self) {
        let port = self.primary();
        self.cluster().kill(port);
        self.tell(format!("the primary at {port} is killed"));
        // Back before anybody has noticed, or after a replica has taken its place.
        let away = if self.rng.bool() { self.draw(0.05, 0.5) } else { Duration::from_secs(5) };
        self.wait(away);
        self.cluster().restart_empty(port);
        self.tell(format!("the server at {port} is back, empty"));
    }

    fn pause_a_primary(&mut self) {
        let port = self.primary();
        self.cluster().at(port).pause();
        self.tell(format!("the primary at {port} is stopped"));
        let pause = if self.rng.bool() { self.draw(0.01, 0.5) } else { Duration::from_secs(5) };
        self.wait(pause);
        self.cluster().at(port).resume();
        self.tell(format!("the server at {port} goes on"));
    }

    fn refuse_at_a_primary(&mut self) {
        let port = self.primary();
        self.cluster().at(port).command(&["CONFIG", "SET", "maxmemory", "1"]);
        self.tell(format!("the primary at {port} refuses writes"));
        let meanwhile = self.draw(0.05, 1.5);
        self.wait(meanwhile);
        self.cluster().at(port).command(&["CONFIG", "SET", "maxmemory", "0"]);
        self.tell(format!("the server at {port} takes writes"));
    }

    fn hang_up_everywhere(&mut self, kind: &str) {
        for server in self.cluster().running() {
            server.command(&["CLIENT", "KILL", "TYPE", kind]);
        }
        self.tell(format!("all servers hang up on their {kind} clients"));
        let soon = self.draw(0.0, 0.1);
        self.wait(soon);
    }

    /// By command: the replica first hears of everything.
    fn switch(&mut self) {
        let primaries = self.cluster().primaries();
        let replicas: Vec<u16> = self.cluster().running().map(cache_tests::RedisServer::port).collect();
        let replicas: Vec<u16> = replicas.into_iter().filter(|port| !primaries.contains(port)).collect();
        let Some(port) = replicas.get(self.rng.usize(..replicas.len().max(1))).copied() else { return };
        self.cluster().at(port).command(&["CLUSTER", "FAILOVER"]);
        self.tell(format!("the replica at {port} takes the place of its primary"));
    }

    fn move_a_slot(&mut self) {
        let tag = format!("{{p{}}}", self.rng.u32(..256));
        self.tell(format!("the slot of {tag} is moved"));
        self.cluster().migrate(&tag, || std::thread::sleep(Duration::from_millis(2)));
        self.tell(format!("the slot of {tag} has moved"));
    }

    /// So that there is a replica for the next primary that is struck.
    fn wait_until_well(&mut self) {
        let began = Instant::now();
        while !self.cluster().is_well() && began.elapsed() < Duration::from_secs(20) {
            self.wait(Duration::from_millis(50));
        }
    }
}
