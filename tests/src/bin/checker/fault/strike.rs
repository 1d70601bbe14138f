//! Each fault, once. What was broken is whole again when it returns.

use super::{Fault, Servers, Stage};
use cache_tests::RedisServer;
use std::time::{Duration, Instant};

/// What a mixed row draws from.
const MIXED: [Fault; 13] = [
    Fault::Kill,
    Fault::Pause,
    Fault::RestartEmpty,
    Fault::RestartSnapshot,
    Fault::Evict,
    Fault::Flush,
    Fault::Refuse,
    Fault::Clients,
    Fault::Pubsub,
    Fault::Partition,
    Fault::Silence,
    Fault::PausedProcess,
    Fault::PausedLoading,
];

/// How many keys there are to push out others, and how large each is.
const FILLERS: (u32, usize) = (200, 8 << 10);

impl Stage {
    pub(super) fn strike(&mut self, fault: Fault) -> anyhow::Result<()> {
        if matches!(self.servers, Servers::Cluster(_)) {
            return self.strike_cluster(fault);
        }
        match fault {
            Fault::None => {}
            Fault::Kill => self.kill(),
            Fault::Pause => self.pause(),
            Fault::RestartEmpty => {
                self.redis().restart_empty();
                self.tell("redis is killed, and back, empty");
            }
            Fault::RestartSnapshot => self.restart_snapshot(),
            Fault::Evict => self.evict(),
            Fault::Flush => {
                self.redis().command(&["FLUSHALL"]);
                self.tell("redis is flushed");
            }
            Fault::Refuse => self.refuse(),
            Fault::Clients => self.hang_up("normal"),
            Fault::Pubsub => self.hang_up("pubsub"),
            Fault::Partition => self.keep_hanging_up(),
            Fault::Silence => self.silence(),
            Fault::PausedProcess | Fault::PausedLoading => self.stop_a_node()?,
            Fault::Clock => self.turn_a_clock()?,
            Fault::Failover => self.fail_over()?,
            Fault::Move => anyhow::bail!("one server has no slots to move"),
            Fault::Mixed => {
                let fault = MIXED[self.rng.usize(..MIXED.len())];
                self.strike(fault)?;
            }
        }
        Ok(())
    }

    /// The one server, as whoever strikes it knows it to be.
    fn redis(&mut self) -> &mut RedisServer {
        match &mut self.servers {
            Servers::One { redis, .. } => redis,
            Servers::Cluster(_) => unreachable!("a cluster is struck by faults of its own"),
        }
    }

    fn spare(&mut self) -> anyhow::Result<&mut RedisServer> {
        match &mut self.servers {
            Servers::One { spare: Some(spare), .. } => Ok(spare),
            _ => anyhow::bail!("there is no replica"),
        }
    }

    fn kill(&mut self) {
        self.redis().kill();
        self.tell("redis is killed");
        let away = self.draw(0.05, 1.5);
        self.wait(away);
        self.redis().restart_empty();
        self.tell("redis is back, empty");
    }

    fn pause(&mut self) {
        self.redis().pause();
        self.tell("redis is stopped");
        // The deadlines of a store are tens of milliseconds: some pauses are within them, some past the bound.
        let pause = if self.rng.bool() { self.draw(0.01, 0.2) } else { self.draw(0.2, 2.5) };
        self.wait(pause);
        self.redis().resume();
        self.tell("redis goes on");
    }

    fn restart_snapshot(&mut self) {
        let snapshot = self.redis().snapshot();
        self.tell("redis is saved");
        let later = self.draw(0.02, 1.2);
        self.wait(later);
        self.redis().restart_from(&snapshot);
        self.tell("redis is killed, and back with what was saved");
    }

    fn evict(&mut self) {
        let memory = self.redis().command(&["INFO", "memory"]);
        let used = memory.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse::<u64>().ok());
        let (fillers, filler) = (FILLERS.0, "x".repeat(FILLERS.1));
        let limit = used.unwrap_or(1 << 20) + (u64::from(fillers) * filler.len() as u64) / 2;
        self.redis().command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"]);
        self.redis().command(&["CONFIG", "SET", "maxmemory", &limit.to_string()]);
        self.tell("redis evicts");
        let until = Instant::now() + self.draw(0.5, 2.0);
        while Instant::now() < until {
            for _ in 0..8 {
                let name = format!("filler:{}", self.rng.u32(..fillers));
                self.redis().command(&["SET", &name, &filler]);
            }
            self.wait(Duration::from_millis(1));
        }
        self.redis().command(&["CONFIG", "SET", "maxmemory", "0"]);
        self.redis().command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        for filler in 0..fillers {
            self.redis().command(&["DEL", &format!("filler:{filler}")]);
        }
        self.tell("redis evicts no more");
    }

    fn refuse(&mut self) {
        // Without memory it refuses what needs some; without a replica that it was told to have, every write.
        let (setting, refusing, taking) =
            if self.rng.bool() { ("maxmemory", "1", "0") } else { ("min-replicas-to-write", "1", "0") };
        self.redis().command(&["CONFIG", "SET", setting, refusing]);
        self.tell(format!("redis refuses writes: {setting} {refusing}"));
        let meanwhile = self.draw(0.05, 1.5);
        self.wait(meanwhile);
        self.redis().command(&["CONFIG", "SET", setting, taking]);
        self.tell("redis takes writes");
    }

    fn hang_up(&mut self, kind: &str) {
        self.redis().command(&["CLIENT", "KILL", "TYPE", kind]);
        self.tell(format!("redis hangs up on its {kind} clients"));
        // Who has just connected again may be hung up on once more.
        let soon = self.draw(0.0, 0.1);
        self.wait(soon);
    }

    fn keep_hanging_up(&mut self) {
        self.tell("redis lets nobody listen");
        let until = Instant::now() + self.draw(0.5, 3.0);
        while Instant::now() < until {
            self.redis().command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
            self.wait(Duration::from_millis(2));
        }
        self.tell("redis lets nodes listen");
    }

    fn silence(&mut self) {
        let node = self.rng.usize(..self.wires.len());
        self.wires[node].hold();
        self.tell(format!("node {node} and redis do not hear each other"));
        let silence = if self.rng.bool() { self.draw(0.01, 0.2) } else { self.draw(0.2, 2.5) };
        self.wait(silence);
        self.wires[node].release();
        self.tell(format!("node {node} and redis hear each other, and what they had missed"));
    }

    pub(super) fn stop_a_node(&mut self) -> anyhow::Result<()> {
        let node = self.rng.usize(..self.nodes.len());
        self.nodes[node].stop()?;
        self.tell(format!("node {node} is stopped"));
        let pause = if self.rng.bool() { self.draw(0.01, 0.3) } else { self.draw(1.05, 2.5) };
        self.wait(pause);
        self.nodes[node].resume()?;
        self.tell(format!("node {node} goes on"));
        Ok(())
    }

    pub(super) fn turn_a_clock(&mut self) -> anyhow::Result<()> {
        let node = self.rng.usize(..self.skews.len());
        let jump = ["+3600", "-3600", "+0"][self.rng.usize(..3)];
        // Written aside and moved, so that nobody reads half of it.
        let file = &self.skews[node].file;
        let aside = file.with_extension("new");
        std::fs::write(&aside, jump).and_then(|()| std::fs::rename(&aside, file))?;
        self.tell(format!("the clock of node {node} is off by {jump} s"));
        Ok(())
    }

    /// The replica stops following, the primary goes on for a while, and is killed: what it acknowledged meanwhile is
    /// lost. There is never more than one server that nodes can reach.
    fn fail_over(&mut self) -> anyhow::Result<()> {
        let port = self.spare()?.port();
        self.spare()?.command(&["REPLICAOF", "NO", "ONE"]);
        self.tell("the replica lags behind");
        let lag = self.draw(0.01, 0.5);
        self.wait(lag);
        self.redis().kill();
        self.tell("the primary is killed");
        let election = self.draw(0.0, 0.5);
        self.wait(election);
        self.wires.iter().for_each(|wire| wire.lead_to(port));
        self.tell("the replica is the primary");
        if let Servers::One { redis, spare: Some(spare) } = &mut self.servers {
            std::mem::swap(redis, spare);
        }
        let spare = self.spare()?;
        spare.restart_empty();
        spare.command(&["REPLICAOF", "127.0.0.1", &port.to_string()]);
        let has_followed = || spare.command(&["INFO", "replication"]).contains("master_link_status:up");
        let began = Instant::now();
        while !has_followed() {
            anyhow::ensure!(began.elapsed() < Duration::from_secs(20), "the replica does not follow the primary");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}
