//! A thousand tasks on one cold key with a load of 50 ms: how many loads, and when all have their answer.

use crate::args::Options;
use crate::contestant::{cached, foyer, moka, ours, quick_cache};
use crate::figure::Figure;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A cache in front of [`load`].
pub(crate) trait Stampede: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    fn new() -> impl Future<Output = Self>;

    fn ask(&self, key: u64) -> impl Future<Output = u64> + Send;
}

/// What the table is called.
pub(crate) const CASE: &str = "1,000 tasks on one cold key, a load of 50 ms";

const TASKS: usize = 1_000;
pub(super) const LOAD: Duration = Duration::from_millis(50);

static LOADS: AtomicU64 = AtomicU64::new(0);

/// What takes so long.
pub(crate) async fn load(key: u64) -> u64 {
    LOADS.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(LOAD).await;
    key
}

/// How often it has been, in this process.
pub(super) fn loads() -> u64 {
    LOADS.load(Ordering::Relaxed)
}

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let rounds = options.rounds as u64;
    Ok(runtime.block_on(async {
        [
            of::<ours::Crowded>(rounds).await,
            of::<moka::Crowded>(rounds).await,
            of::<quick_cache::Crowded>(rounds).await,
            of::<foyer::Crowded>(rounds).await,
            of::<cached::Crowded>(rounds).await,
            of::<cached::CrowdedTtl>(rounds).await,
        ]
        .concat()
    }))
}

async fn of<S: Stampede>(rounds: u64) -> Vec<Figure> {
    let cache = Arc::new(S::new().await);
    let (mut made, mut taken) = (Vec::new(), Vec::new());
    for key in 0..rounds {
        let (before, started) = (loads(), Instant::now());
        let ask = |_| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.ask(key).await })
        };
        for task in (0..TASKS).map(ask).collect::<Vec<_>>() {
            assert_eq!(task.await.expect("no contestant panics"), key);
        }
        taken.push(started.elapsed().as_secs_f64() * 1_000.0);
        made.push((loads() - before) as f64);
    }
    vec![Figure::of_rounds(CASE, S::NAME, "loads", made), Figure::of_rounds(CASE, S::NAME, "ms", taken)]
}
