//! One fault: two nodes over one Redis, readers on both, a writer on one, and a source that is always well.

use crate::fault::{Fault, Target};
use crate::seen::{BOUND, Rows, Seen};
use crate::subject::{Accepted, Kind, Read, Subject};
use anyhow::Context;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

pub(crate) const HEADING: &str = "\
cache    fault            calls   p50 us   p99 ms   max ms   lag ms  open us  failed  past bound  stale  longest ms  emits  queued  refused  lost  healed ms";

/// Rows that change.
const ROWS: usize = 64;
/// Tasks that read, on each node.
const READERS: u64 = 4;
/// Healing takes no longer, or it has not happened.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a call waits for Redis at most, the load apart: the deadline of writes, as it comes. All that it asks is within it.
const WAITS: Duration = Duration::from_millis(100);
/// A call that takes longer hangs.
const HANGS: Duration = Duration::from_secs(1);

/// What one row showed.
pub(crate) struct Outcome {
    kind: Kind,
    fault: Fault,
    seen: Seen,
    emits: Emits,
    lost: usize,
    healed: Option<Duration>,
    /// How late a task was woken at most.
    lag: Duration,
}

#[derive(Default)]
struct Emits {
    accepted: AtomicU64,
    queued: AtomicU64,
    refused: AtomicU64,
    last_refusal: Mutex<String>,
}

struct Shared {
    rows: Arc<Rows>,
    emits: Emits,
    reads_on: AtomicBool,
    writes_on: AtomicBool,
}

pub(crate) fn run(runtime: &Runtime, kind: Kind, fault: Fault, lasts: Duration) -> anyhow::Result<Outcome> {
    let mut target = Target::new(fault)?;
    let (shared, url, lasts) = (Arc::new(Shared::new()), target.url(fault), fault.lasts(lasts));
    let both = async { anyhow::Ok((kind.node(&url).await?, kind.node(&url).await?)) };
    let both = runtime.block_on(async { tokio::time::timeout(PATIENCE, both).await.context("it does not start")? });
    let (writes, reads) = both?;
    let readers: Vec<_> = [(&writes, true), (&reads, false)]
        .into_iter()
        .flat_map(|(node, writes)| (0..READERS).map(move |seed| (node.clone(), writes, seed)))
        .map(|(node, writes, seed)| runtime.spawn(read(node, writes, shared.clone(), seed)))
        .collect();
    let late = runtime.spawn(lag(shared.clone()));
    let writer = runtime.spawn(write(writes.clone(), shared.clone()));
    std::thread::sleep(lasts / 3);
    target.strike(fault, lasts);
    let repaired = Instant::now();
    let healed = runtime.block_on(heal(&writes, &reads, &shared, repaired));
    std::thread::sleep(lasts / 3);
    shared.writes_on.store(false, Ordering::SeqCst);
    runtime.block_on(writer).context("the writer panicked")?;
    std::thread::sleep(BOUND + BOUND / 2);
    let lost = runtime.block_on(behind(&writes, &reads, &shared.rows));
    shared.reads_on.store(false, Ordering::SeqCst);
    let mut seen = Seen::default();
    for reader in readers {
        match runtime.block_on(reader) {
            Ok(of_one) => seen.join(of_one),
            Err(_panicked) => seen.failed += 1,
        }
    }
    let lag = runtime.block_on(late).context("nobody looks at the time")?;
    let shared = Arc::try_unwrap(shared).map_err(|_| anyhow::anyhow!("somebody still reads"))?;
    Ok(Outcome { kind, fault, seen, emits: shared.emits, lost, healed, lag })
}

impl Shared {
    fn new() -> Self {
        let on = || AtomicBool::new(true);
        Self { rows: Arc::new(Rows::new(ROWS)), emits: Emits::default(), reads_on: on(), writes_on: on() }
    }
}

/// Reads rows that change, and one time in four one that nobody has read before.
async fn read(node: Arc<dyn Subject>, writes: bool, shared: Arc<Shared>, seed: u64) -> Seen {
    let (mut seen, mut rng) = (Seen::default(), fastrand::Rng::with_seed(seed));
    while shared.reads_on.load(Ordering::SeqCst) {
        for _ in 0..8 {
            let id = if rng.u8(..4) == 0 { rng.u64(1 << 32..) } else { rng.u64(..shared.rows.len() as u64) };
            let (floor, is_open) = (shared.rows.floor(id, writes), node.is_open());
            let started = Instant::now();
            match tokio::time::timeout(HANGS, node.read(&shared.rows, id)).await {
                Ok(Ok(Read { version, is_load })) => seen.note(started.elapsed(), version, &floor, is_open && is_load),
                Ok(Err(_)) | Err(_) => seen.fail(started.elapsed()),
            }
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    seen
}

/// How much later than it should a task is woken: what the machine adds to any wait.
async fn lag(shared: Arc<Shared>) -> Duration {
    const PAUSE: Duration = Duration::from_millis(2);
    let mut longest = Duration::ZERO;
    while shared.reads_on.load(Ordering::SeqCst) {
        let slept = Instant::now();
        tokio::time::sleep(PAUSE).await;
        longest = longest.max(slept.elapsed().saturating_sub(PAUSE));
    }
    longest
}

async fn write(node: Arc<dyn Subject>, shared: Arc<Shared>) {
    let mut rng = fastrand::Rng::with_seed(99);
    while shared.writes_on.load(Ordering::SeqCst) {
        let id = rng.usize(..ROWS);
        let version = shared.rows.write(id);
        let counted = match node.invalidate(id as u64).await {
            Ok(accepted) => {
                let is_performed = accepted == Accepted::Performed;
                shared.rows.accepted(id, version, is_performed);
                if is_performed { &shared.emits.accepted } else { &shared.emits.queued }
            }
            Err(error) => {
                *shared.emits.last_refusal.lock().unwrap_or_else(PoisonError::into_inner) = error.to_string();
                &shared.emits.refused
            }
        };
        counted.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until what one node loads is kept and found by the other, everything queued was performed, no breaker is open, and
/// both hear each other.
async fn heal(
    writes: &Arc<dyn Subject>,
    reads: &Arc<dyn Subject>,
    shared: &Shared,
    repaired: Instant,
) -> Option<Duration> {
    let mut id = 1 << 20;
    while repaired.elapsed() < PATIENCE {
        id += 1;
        let both = async {
            writes.read(&shared.rows, id).await?;
            reads.read(&shared.rows, id).await
        };
        let found = tokio::time::timeout(HANGS, both).await;
        let is_shared = matches!(found, Ok(Ok(Read { is_load: false, .. })));
        let is_well = writes.is_well() && reads.is_well();
        if is_shared && is_well {
            return Some(repaired.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    None
}

/// Rows of which a node still serves an old version, though nothing is written any more. What `emit` refused was told.
async fn behind(writes: &Arc<dyn Subject>, reads: &Arc<dyn Subject>, rows: &Arc<Rows>) -> usize {
    let mut behind = 0;
    for id in 0..ROWS as u64 {
        for (node, is_writer) in [(writes, true), (reads, false)] {
            let floor = rows.floor(id, true).strict.max(rows.floor(id, is_writer).strict);
            let read = tokio::time::timeout(HANGS, node.read(rows, id)).await;
            behind += usize::from(!matches!(read, Ok(Ok(read)) if read.version >= floor));
        }
    }
    behind
}

impl Outcome {
    /// Whether all that is promised was kept.
    pub(crate) fn is_clean(&self) -> bool {
        let refused = self.emits.refused.load(Ordering::SeqCst);
        self.seen.failed == 0
            && self.seen.longest_wait() <= self.may_wait()
            && self.seen.past_bound == 0
            && self.lost == 0
            && self.healed.is_some()
            && (refused == 0 || self.fault.may_refuse())
    }

    /// A call that waits for a deadline is woken late, and so is what it had asked before; the rest is its own work.
    fn may_wait(&self) -> Duration {
        WAITS + self.lag * 2 + Duration::from_millis(10)
    }

    fn last_refusal(&self) -> String {
        self.emits.last_refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn line(&self) -> String {
        let mut seen = Seen::default();
        seen.join(self.seen.clone());
        let counted = |count: &AtomicU64| count.load(Ordering::SeqCst);
        let ms = |us: u32| f64::from(us) / 1_000.0;
        format!(
            "{:<8} {:<15} {:>6} {:>8} {:>8.1} {:>8.1} {:>8.1} {:>8} {:>7} {:>11} {:>6} {:>11.0} {:>6} {:>7} {:>8} {:>5} {:>10}{}",
            self.kind.name(),
            self.fault.name(),
            seen.calls(),
            seen.wait_us(50),
            ms(seen.wait_us(99)),
            ms(seen.wait_us(100)),
            self.lag.as_secs_f64() * 1_000.0,
            seen.open_us().map_or_else(|| "-".to_owned(), |us| us.to_string()),
            seen.failed,
            seen.past_bound,
            seen.stale,
            seen.longest.as_secs_f64() * 1_000.0,
            counted(&self.emits.accepted),
            counted(&self.emits.queued),
            counted(&self.emits.refused),
            self.lost,
            self.healed.map_or_else(|| "never".to_owned(), |healed| healed.as_millis().to_string()),
            if self.is_clean() || !self.kind.is_held_to_its_word() {
                String::new()
            } else {
                format!("  NOT CLEAN {}", self.last_refusal())
            }
        )
    }
}
