//! One node: a process with a cache of its own, tasks that read through it, and tasks that write and then invalidate.

use crate::clock::{now_ns, wall_ahead_ns};
use crate::log::{Log, NEVER, Seen, Written};
use crate::source::Source;
use crate::subject::{Answer, Kind, Mode, Subject, Surroundings};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::future::poll_fn;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{error::Elapsed, sleep, timeout};

/// What a node is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) node: u32,
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) redis: Option<String>,
    pub(crate) database: PathBuf,
    pub(crate) logs: PathBuf,
    pub(crate) keys: u32,
    pub(crate) readers: u32,
    pub(crate) writers: u32,
    pub(crate) slow_percent: u64,
    pub(crate) bound: Duration,
    pub(crate) seed: u64,
}

/// What a node tells when it ends, besides its logs.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) failed_reads: u64,
    pub(crate) failed_invalidations: u64,
    /// How far its wall clock was off at most.
    pub(crate) clock_off_s: u64,
}

/// A node says this when its cache is ready, and begins when its input tells it to.
pub(crate) const READY: &str = "ready";

/// It says this when its input has told it to stop and its tasks have. When its input ends, it looks at every row once more.
pub(crate) const QUIET: &str = "quiet";

/// A task of reading pauses after so many runs at most.
const BURST: usize = 8;

/// A run is so many reads of one row at most, one after the other. Who reads a row again and again sees the moment at which
/// it changes, and does not wait for a load with most of his reads.
const RUN: usize = 64;

/// How long a read or an invalidation may take before it counts as an error. A node may be stopped meanwhile.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long the tasks have, in the end, to come to an end.
const LAST_WORDS: Duration = Duration::from_secs(20);

struct Node {
    subject: Box<dyn Subject>,
    source: Source,
    keys: u32,
    logs: PathBuf,
    node: u32,
    is_over: AtomicBool,
    failed_reads: AtomicU64,
    failed_invalidations: AtomicU64,
}

/// Runs a node until its input ends, and prints what it counted.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let tally = runtime.block_on(work(plan))?;
    println!("{}", serde_json::to_string(&tally)?);
    Ok(())
}

async fn work(plan: &Plan) -> anyhow::Result<Tally> {
    let source = Source::open(&plan.database, plan.slow_percent).await.context("the database")?;
    let (node, keys, redis) = (plan.node, plan.keys, plan.redis.clone());
    let around = Surroundings { node, keys, redis, bound: plan.bound, source: source.clone() };
    let subject = plan.kind.build(plan.mode, around).await.context("the cache")?;
    let node = Arc::new(Node {
        subject,
        source,
        keys,
        logs: plan.logs.clone(),
        node,
        is_over: AtomicBool::new(false),
        failed_reads: AtomicU64::new(0),
        failed_invalidations: AtomicU64::new(0),
    });
    println!("{READY}");
    std::io::stdout().flush()?;
    wait_for_input();
    let mut tasks = JoinSet::new();
    let mut rng = fastrand::Rng::with_seed(plan.seed);
    for task in 0..plan.readers {
        tasks.spawn(node.clone().read_all(task, rng.fork()));
    }
    for task in 0..plan.writers {
        tasks.spawn(node.clone().write_all(task, rng.fork()));
    }
    let clock_off_s = node.clone().until_over().await;
    let ended = timeout(LAST_WORDS, async {
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        anyhow::Ok(())
    });
    ended.await.context("a task did not come to an end")??;
    println!("{QUIET}");
    std::io::stdout().flush()?;
    wait_for_input();
    node.look_at_all().await?;
    let failed = [&node.failed_reads, &node.failed_invalidations].map(|failed| failed.load(Ordering::Relaxed));
    Ok(Tally { failed_reads: failed[0], failed_invalidations: failed[1], clock_off_s })
}

/// What is there at once needs no timer, which costs as much as a hit.
async fn within<T>(patience: Duration, mut answer: Answer<'_, T>) -> Result<anyhow::Result<T>, Elapsed> {
    match poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await {
        Poll::Ready(answer) => Ok(answer),
        Poll::Pending => timeout(patience, answer).await,
    }
}

/// A word, or the end of all words.
fn wait_for_input() {
    let _ = std::io::stdin().read(&mut [0; 1]);
}

impl Node {
    /// Until the input says so, or ends, as it does if whoever started this node is killed. Tells how far the clock was off.
    async fn until_over(self: Arc<Self>) -> u64 {
        let node = self.clone();
        // Nobody waits for it: it ends by itself with the next word, or with the input.
        std::thread::spawn(move || {
            wait_for_input();
            node.is_over.store(true, Ordering::Relaxed);
        });
        // At first it is right: the jumps begin with the faults.
        let (right_ns, mut off_ns) = (wall_ahead_ns(), 0);
        while !self.is_over() {
            sleep(Duration::from_millis(50)).await;
            off_ns = off_ns.max(wall_ahead_ns().abs_diff(right_ns));
        }
        u64::try_from(off_ns / 1_000_000_000).unwrap_or(u64::MAX)
    }

    async fn read_all(self: Arc<Self>, task: u32, mut rng: fastrand::Rng) -> anyhow::Result<()> {
        let mut log = Log::create(self.logs.join(format!("reads-{}-{task}", self.node)))?;
        while !self.is_over() {
            for _ in 0..rng.usize(1..=BURST) {
                let key = self.draw(&mut rng);
                for _ in 0..rng.usize(1..=RUN) {
                    // Some callers give up while they wait; that must do no harm to those who do not.
                    let patience = if rng.u8(..) < 5 { Duration::from_micros(rng.u64(50..20_000)) } else { PATIENCE };
                    self.read(key, patience, &mut log).await?;
                }
                // Hits in memory never wait: without this the node would hear of nothing during a burst.
                yield_now().await;
            }
            sleep(Duration::from_millis(1)).await;
        }
        log.finish()
    }

    async fn write_all(self: Arc<Self>, task: u32, mut rng: fastrand::Rng) -> anyhow::Result<()> {
        // Written through, so that others see how many there are.
        let mut log = Log::create_unbuffered(self.logs.join(format!("writes-{}-{task}", self.node)))?;
        let mut reads = Log::create(self.logs.join(format!("reads-{}-w{task}", self.node)))?;
        while !self.is_over() {
            let (key, began_ns) = (self.draw(&mut rng), now_ns());
            let version = self.source.raise(key).await?;
            let acknowledged_ns = self.invalidate(key, &mut rng).await;
            log.add(Written { began_ns, acknowledged_ns, key, version })?;
            // Who was told that it is done looks at once; or goes on to write while others load.
            if rng.bool() {
                self.read(key, PATIENCE, &mut reads).await?;
            }
            sleep(Duration::from_millis(rng.u64(1..30))).await;
        }
        reads.finish()?;
        log.finish()
    }

    /// When nothing is written any more: what is old now would stay so.
    async fn look_at_all(&self) -> anyhow::Result<()> {
        let mut log = Log::create(self.logs.join(format!("last-{}-0", self.node)))?;
        for key in 0..self.keys {
            self.read(key, PATIENCE, &mut log).await?;
        }
        log.finish()
    }

    async fn read(&self, key: u32, patience: Duration, log: &mut Log<Seen>) -> anyhow::Result<()> {
        let started_ns = now_ns();
        match within(patience, self.subject.read(key)).await {
            Ok(Ok(version)) => log.add(Seen { started_ns, ended_ns: now_ns(), key, version }),
            Err(_) if patience < PATIENCE => Ok(()),
            Ok(Err(_)) | Err(_) => {
                self.failed_reads.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Invalidates until it is acknowledged, and tells when that was.
    async fn invalidate(&self, key: u32, rng: &mut fastrand::Rng) -> u64 {
        while !self.is_over() {
            let patience = if rng.u8(..) < 5 { Duration::from_micros(rng.u64(50..2_000)) } else { PATIENCE };
            match timeout(patience, self.subject.invalidate(key)).await {
                Ok(Ok(())) => return now_ns(),
                Err(_) if patience < PATIENCE => {}
                Ok(Err(_)) | Err(_) => {
                    self.failed_invalidations.fetch_add(1, Ordering::Relaxed);
                    sleep(Duration::from_millis(rng.u64(1..20))).await;
                }
            }
        }
        NEVER
    }

    /// Half of all reads and writes go to an eighth of the rows.
    fn draw(&self, rng: &mut fastrand::Rng) -> u32 {
        let hot = (self.keys / 8).max(1);
        let end = if rng.bool() { hot } else { self.keys };
        rng.u32(..end)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}
