//! A hit in Redis, of 2 KB: one round trip with its checks, beside a `GET` with the same decode and no checks.

use super::Runtime;
use crate::args::Options;
use crate::contestant::{by_hand, cached, ours};
use crate::figure::{Figure, percentile};
use crate::machine::Pinned;
use crate::rounds::{Entrant, interleave};
use crate::value::Guild;
use cache_tests::RedisServer;
use std::future::Future;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

/// A cache whose entries are in Redis and nowhere else.
pub(crate) trait Remote: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// Connected, with the keys below `keys` in Redis.
    async fn filled(url: &str, keys: u64) -> anyhow::Result<Self>;

    fn fetch(&self, key: u64) -> impl Future<Output = Guild> + Send;
}

/// What the tables are called.
pub(crate) const ONE_CORE: &str = "hit in Redis, 2 KB, client and server on one core";
const ALL_CORES: &str = "hit in Redis, 2 KB, all cores";

const KEYS: u64 = 1_000;

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Figure>> {
    let pinned = {
        let _pinned = Pinned::to_one_core();
        tables(options, ONE_CORE)?
    };
    Ok([pinned, tables(options, ALL_CORES)?].concat())
}

fn tables(options: &Options, case: &str) -> anyhow::Result<Vec<Figure>> {
    let server = RedisServer::start();
    let runtime = Rc::new(Runtime::new());
    let contestants = [
        contestant::<ours::Remote<1>>(&runtime, &server)?,
        contestant::<ours::Remote<3>>(&runtime, &server)?,
        contestant::<by_hand::Remote>(&runtime, &server)?,
        contestant::<cached::Remote>(&runtime, &server)?,
    ];
    let mut figures = Vec::new();
    for (measure, concurrency) in [("µs, p50 of one at a time", 1), ("thousand/s, 64 at a time", 64)] {
        let mut entrants: Vec<_> = contestants.iter().map(|make| make(concurrency)).collect();
        figures.extend(interleave(case, measure, options.rounds, &mut entrants));
    }
    Ok(figures)
}

/// A contestant that can be asked by so many at a time.
type Contestant = Box<dyn Fn(usize) -> Entrant>;

fn contestant<R: Remote>(runtime: &Rc<Runtime>, server: &RedisServer) -> anyhow::Result<Contestant> {
    let remote = Arc::new(runtime.block_on(R::filled(&server.url(), KEYS))?);
    let runtime = runtime.clone();
    let entrant = move |concurrency: usize| {
        let (runtime, remote) = (runtime.clone(), remote.clone());
        let round = move || match concurrency {
            1 => runtime.block_on(latency(&*remote)),
            many => runtime.block_on(throughput(&remote, many)),
        };
        Entrant { name: R::NAME.to_owned(), round: Box::new(round) }
    };
    Ok(Box::new(entrant))
}

/// The median of one at a time, in microseconds.
async fn latency<R: Remote>(remote: &R) -> f64 {
    let mut taken = Vec::with_capacity(2_000);
    for at in 0..2_000 {
        let started = Instant::now();
        black_box(remote.fetch(at % KEYS).await);
        taken.push(started.elapsed().as_nanos() as f64 / 1_000.0);
    }
    percentile(&mut taken, 50)
}

/// Thousand hits a second of so many tasks.
async fn throughput<R: Remote>(remote: &Arc<R>, tasks: usize) -> f64 {
    let each = 20_000 / tasks as u64;
    let started = Instant::now();
    let task = |task: u64| {
        let remote = remote.clone();
        tokio::spawn(async move {
            for at in 0..each {
                black_box(remote.fetch((task * 37 + at) % KEYS).await);
            }
        })
    };
    for task in (0..tasks as u64).map(task).collect::<Vec<_>>() {
        task.await.expect("no contestant panics");
    }
    (each * tasks as u64) as f64 / started.elapsed().as_secs_f64() / 1_000.0
}
