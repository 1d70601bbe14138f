//! All that a row consists of while it runs.

use super::Fault;
use crate::clock::now_ns;
use crate::goal::Amount;
use crate::log::RECORD_BYTES;
use crate::nodes::{Peer, Skew};
use crate::progress;
use cache_tests::{Proxy, RedisCluster, RedisServer};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Servers, wires and nodes, and what was done to them.
pub(crate) struct Stage {
    pub(crate) servers: Servers,
    /// One for each node, if there are wires.
    pub(crate) wires: Vec<Proxy>,
    /// One for each node, if clocks are to jump.
    pub(crate) skews: Vec<Skew>,
    pub(crate) nodes: Vec<Peer>,
    pub(crate) logs: PathBuf,
    pub(crate) bound: Duration,
    pub(crate) rng: fastrand::Rng,
    pub(crate) struck: Struck,
    /// How the row is called on the progress line.
    pub(crate) title: String,
    pub(crate) began: Instant,
}

/// What nodes share.
pub(crate) enum Servers {
    One {
        redis: RedisServer,
        /// A replica, or what is to become one.
        spare: Option<RedisServer>,
    },
    Cluster(RedisCluster),
}

impl Servers {
    pub(crate) fn url(&self) -> String {
        match self {
            Self::One { redis, .. } => redis.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }
}

/// When what was done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Struck {
    pub(crate) times: u64,
    pub(crate) timeline: Vec<(u64, String)>,
}

/// How long a row goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) least: Duration,
    pub(crate) most: Duration,
    /// It ends between them as soon as so much was done.
    pub(crate) wanted: Amount,
}

impl Stage {
    /// Strikes again and again until it is time; everything is whole again when this returns.
    pub(crate) fn play(&mut self, fault: Fault, span: Span) -> anyhow::Result<()> {
        self.wait(Duration::from_millis(400));
        while self.is_on(span) {
            if fault == Fault::None {
                self.wait(Duration::from_millis(100));
                continue;
            }
            self.strike(fault)?;
            self.struck.times += 1;
            // Time for entries to be made, and for what was put off to happen.
            let quiet = self.draw(0.05, 0.8);
            self.wait(quiet);
        }
        self.wait(Duration::from_millis(300));
        Ok(())
    }

    /// A time between two multiples of the bound.
    pub(super) fn draw(&mut self, least: f64, most: f64) -> Duration {
        self.bound.mul_f64(least + self.rng.f64() * (most - least))
    }

    pub(super) fn tell(&mut self, what: impl Into<String>) {
        self.struck.timeline.push((now_ns(), what.into()));
    }

    pub(crate) fn wait(&self, duration: Duration) {
        let until = Instant::now() + duration;
        loop {
            self.show();
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(200)));
        }
    }

    fn is_on(&self, span: Span) -> bool {
        let lasted = self.began.elapsed();
        lasted < span.least || (lasted < span.most && !span.wanted.without(self.made()).is_nothing())
    }

    /// The size of the logs is enough to tell how much there was, but for what is not written yet.
    fn made(&self) -> Amount {
        let mut made = Amount::default();
        for entry in std::fs::read_dir(&self.logs).into_iter().flatten().flatten() {
            let records = entry.metadata().map_or(0, |file| file.len()) / RECORD_BYTES as u64;
            match entry.file_name().to_string_lossy() {
                name if name.starts_with("reads") => made.reads += records,
                name if name.starts_with("writes") => made.invalidations += records,
                _ => {}
            }
        }
        made
    }

    fn show(&self) {
        if !progress::is_seen() {
            return;
        }
        let (seconds, reads, times) = (self.began.elapsed().as_secs(), self.made().reads, self.struck.times);
        progress::show(&format!("{}: {seconds} s, {reads} reads, struck {times} times", self.title));
    }
}
