//! What cold keys cost those who wait for them, and those who do not: a thousand tasks on one key beside a thousand that
//! wait for one timer without any cache; two hundred cold keys at once; a warm hit while another key is loaded.

use crate::args::Options;
use crate::figure::Figure;
use crate::rounds::{Entrant, interleave};
use cache_runtime::{Cache, cached};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

const LOAD: Duration = Duration::from_millis(50);
const LONG_LOAD: Duration = Duration::from_millis(100);
const TASKS: u64 = 1_000;
const KEYS: u64 = 200;
const HITS: u32 = 200_000;

/// Keys that nobody has asked for yet.
static NEXT: AtomicU64 = AtomicU64::new(0);

#[cached(key = "bench:cold:<key>", ttl = 3600, skip(load))]
async fn cold(key: u64, load: Duration) -> u64 {
    if !load.is_zero() {
        tokio::time::sleep(load).await;
    }
    key
}

fn fresh(keys: u64) -> u64 {
    NEXT.fetch_add(keys, Ordering::Relaxed)
}

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let runtime = Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?);
    runtime.block_on(async { Cache::builder().build().await.map(|cache| cache.install()) })?;
    let of_one = interleave(
        "1,000 tasks that wait for 50 ms",
        ["ms"],
        options.rounds,
        &mut [
            entrant(&runtime, "tokio alone, a timer and a semaphore", crowd_without_a_cache),
            entrant(&runtime, "ours, one cold key", crowd),
        ],
    );
    let of_many = interleave(
        "200 cold keys at once, a load of 100 ms",
        ["ms"],
        options.rounds,
        &mut [entrant(&runtime, "ours", many)],
    );
    let warm = interleave(
        "a warm hit",
        ["ns"],
        options.rounds,
        &mut [
            entrant(&runtime, "nothing else", || hits(false)),
            entrant(&runtime, "while another key is loaded", || hits(true)),
        ],
    );
    Ok([of_one, of_many, warm].concat())
}

fn entrant<F: Future<Output = f64> + Send + 'static>(
    runtime: &Arc<Runtime>,
    name: &str,
    round: impl Fn() -> F + 'static,
) -> Entrant {
    let runtime = runtime.clone();
    Entrant { name: name.to_owned(), round: Box::new(move || [runtime.block_on(round())]) }
}

async fn crowd() -> f64 {
    let key = fresh(1);
    all((0..TASKS).map(|_| cold(key, LOAD))).await
}

async fn crowd_without_a_cache() -> f64 {
    let gate = Arc::new(Semaphore::new(0));
    let opener = gate.clone();
    let waiting = (1..TASKS).map(|_| {
        let gate = gate.clone();
        async move { u64::from(gate.acquire().await.is_err()) }
    });
    let open = async move {
        tokio::time::sleep(LOAD).await;
        opener.close();
        1_u64
    };
    let tasks: Vec<std::pin::Pin<Box<dyn Future<Output = u64> + Send>>> =
        std::iter::once(Box::pin(open) as _).chain(waiting.map(|task| Box::pin(task) as _)).collect();
    all(tasks.into_iter()).await
}

async fn many() -> f64 {
    let first = fresh(KEYS);
    all((first..first + KEYS).map(|key| cold(key, LONG_LOAD))).await
}

/// Milliseconds until all of them have ended.
async fn all<F: Future<Output = u64> + Send + 'static>(calls: impl Iterator<Item = F>) -> f64 {
    let started = Instant::now();
    for task in calls.map(tokio::spawn).collect::<Vec<_>>() {
        task.await.expect("it does not panic");
    }
    started.elapsed().as_secs_f64() * 1_000.0
}

/// Nanoseconds a hit.
async fn hits(loads: bool) -> f64 {
    let (warm, other) = (fresh(1), fresh(1));
    cold(warm, Duration::ZERO).await;
    let load = loads.then(|| tokio::spawn(cold(other, LOAD)));
    tokio::task::yield_now().await;
    let started = Instant::now();
    for _ in 0..HITS {
        std::hint::black_box(cold(warm, Duration::ZERO).await);
    }
    let taken = started.elapsed().as_secs_f64() * 1e9 / f64::from(HITS);
    if let Some(load) = load {
        load.await.expect("it does not panic");
    }
    taken
}
