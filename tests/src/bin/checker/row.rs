//! One run: a subject under a fault.

use crate::args::Options;
use crate::fault::{Fault, Servers, Span, Stage, Struck, clock};
use crate::goal::Amount;
use crate::judge::{Rule, Verdict, judge};
use crate::node::{Plan, Tally};
use crate::nodes::{Peer, Skew};
use crate::progress;
use crate::source::Source;
use crate::subject::{Kind, Mode};
use anyhow::Context;
use cache_tests::{Proxy, RedisCluster, RedisServer};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much longer than the bound it is waited for the last look.
const MARGIN: Duration = Duration::from_millis(50);

/// What is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) fault: Fault,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) row: Row,
    pub(crate) seed: u64,
    pub(crate) verdict: Verdict,
    pub(crate) failed_reads: u64,
    pub(crate) failed_invalidations: u64,
    pub(crate) struck: Struck,
    /// Why this row proves nothing, if it does not.
    pub(crate) emptiness: Option<&'static str>,
    /// Where the logs are, if something was found in them.
    pub(crate) kept: Option<PathBuf>,
}

impl Outcome {
    pub(crate) fn is_clean(&self) -> bool {
        !self.row.kind.is_held_to_its_word() || (self.verdict.violations() == 0 && self.emptiness.is_none())
    }
}

impl Row {
    /// Starts all, lets it run for its time and until so much was done, ends it, and judges.
    pub(crate) fn run(&self, options: &Options, wanted: Amount, place: &str) -> anyhow::Result<Outcome> {
        let directory = tempfile::Builder::new().prefix("checker-").tempdir()?;
        let mut stage = self.stage(options, directory.path(), place)?;
        for node in &mut stage.nodes {
            node.begin()?;
        }
        stage.began = Instant::now();
        stage.play(self.fault, Span { least: options.duration, most: options.longest(), wanted })?;
        let mut nodes = std::mem::take(&mut stage.nodes);
        // All at once, or the first would be judged by writes that the last is still making.
        nodes.iter_mut().try_for_each(Peer::end)?;
        nodes.iter_mut().try_for_each(Peer::quiet).with_context(|| stage.title.clone())?;
        // Then all that was acknowledged must be seen everywhere.
        stage.wait(options.bound + MARGIN);
        let tallies = nodes.into_iter().map(Peer::finish).collect::<anyhow::Result<Vec<_>>>();
        let tallies = tallies.with_context(|| stage.title.clone())?;
        let bound_ns = u64::try_from(options.bound.as_nanos())?;
        let verdict = judge(&stage.logs, Rule { bound_ns, is_strong: self.mode.is_strong() })?;
        progress::wipe();
        let struck = stage.struck.clone();
        let emptiness = self.emptiness(&verdict, &struck, &tallies);
        let mut outcome = Outcome {
            row: *self,
            seed: options.seed,
            verdict,
            failed_reads: tallies.iter().map(|tally| tally.failed_reads).sum(),
            failed_invalidations: tallies.iter().map(|tally| tally.failed_invalidations).sum(),
            struck,
            emptiness,
            kept: None,
        };
        outcome.kept = (!outcome.is_clean()).then(|| directory.keep());
        Ok(outcome)
    }

    fn stage(&self, options: &Options, directory: &Path, place: &str) -> anyhow::Result<Stage> {
        let count = if self.kind.is_shared() { options.nodes } else { 1 };
        let servers = self.servers(options);
        let wires = match &servers {
            Servers::One { redis, .. } if self.fault.needs_wires() => {
                (0..count).map(|_| Proxy::to(redis.port())).collect()
            }
            _ => Ok(Vec::new()),
        };
        let wires: Vec<Proxy> = wires.context("a port to listen on")?;
        let logs = directory.join("logs");
        std::fs::create_dir(&logs)?;
        let database = database(directory, options.keys)?;
        let skews = skews(self.fault, directory, count)?;
        let plan = |node: u32| Plan {
            node,
            kind: self.kind,
            mode: self.mode,
            redis: Some(wires.get(node as usize).map_or_else(|| servers.url(), Proxy::url)),
            database: database.clone(),
            logs: logs.clone(),
            keys: options.keys,
            readers: options.readers,
            writers: (0..options.writers).filter(|writer| writer % count == node).count().try_into().unwrap_or(0),
            slow_percent: self.fault.slow_percent(),
            bound: options.bound,
            seed: options.seed.wrapping_mul(1_000).wrapping_add(node.into()),
        };
        let nodes = (0..count).map(|node| Peer::start(&plan(node), skews.get(node as usize)));
        let nodes = nodes.collect::<anyhow::Result<Vec<_>>>()?;
        let (bound, rng) = (options.bound, fastrand::Rng::with_seed(options.seed));
        let title = format!("{place}, {} {} under {}", self.kind.name(), self.mode.name(), self.fault.name());
        let (struck, began) = (Struck::default(), Instant::now());
        Ok(Stage { servers, wires, skews, nodes, logs, bound, rng, struck, title, began })
    }

    fn servers(&self, options: &Options) -> Servers {
        if options.cluster {
            return Servers::Cluster(RedisCluster::start_brittle());
        }
        let redis = RedisServer::start();
        let port = redis.port().to_string();
        let spare = (self.fault == Fault::Failover)
            .then(|| RedisServer::start_with(&["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"]));
        if spare.is_some() {
            redis.command(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"]);
        }
        Servers::One { redis, spare }
    }

    /// A row that did nothing must not pass for one that found nothing.
    fn emptiness(&self, verdict: &Verdict, struck: &Struck, tallies: &[Tally]) -> Option<&'static str> {
        if verdict.reads == 0 {
            Some("nothing was read")
        } else if verdict.invalidations == 0 {
            Some("nothing was invalidated")
        } else if self.fault != Fault::None && struck.times == 0 {
            Some("the fault never struck")
        } else if self.fault == Fault::Clock && tallies.iter().all(|tally| tally.clock_off_s < 3_000) {
            Some("no clock jumped")
        } else {
            None
        }
    }
}

fn database(directory: &Path, keys: u32) -> anyhow::Result<PathBuf> {
    let path = directory.join("rows.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Source::create(&path, keys)).context("the database cannot be made")?;
    Ok(path)
}

fn skews(fault: Fault, directory: &Path, nodes: u32) -> anyhow::Result<Vec<Skew>> {
    if fault != Fault::Clock {
        return Ok(Vec::new());
    }
    let library = clock::library().context("libfaketime is not installed")?;
    let skew = |node| {
        let file = directory.join(format!("clock-{node}"));
        std::fs::write(&file, "+0")?;
        Ok(Skew { library: library.clone(), file })
    };
    (0..nodes).map(skew).collect()
}
